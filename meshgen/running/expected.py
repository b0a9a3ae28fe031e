"""What a client's proxy in one cluster has to know of the hosts that other clusters have, too: from the calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.exposure import unexposable
from meshgen.calls.imports import export_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.calls import Call, Calls, Import, RemoteEndpoint, Taken
    from meshgen.calls.model import Route
    from meshgen.diagnostics import Span


OWN_PODS = "own pods"


class ExpectedLevel(NamedTuple):
    """Endpoints of one priority."""

    remote: tuple[RemoteEndpoint, ...]
    """Those of other clusters whose address is known."""
    own: bool = False
    """Whether the pods of the own copy are among them."""

    @property
    def names(self) -> str:
        """The clusters in one phrase, the own one as `OWN_PODS`."""
        sources = dict.fromkeys(endpoint.source for endpoint in self.remote)
        return " and ".join([*([OWN_PODS] if self.own else []), *(f"`{source}`" for source in sources)])


@dataclass(frozen=True, slots=True)
class ExpectedHost:
    """A host as clients of one cluster have to know it: one cluster of Envoy for each port."""

    host: str
    of: str
    """The exposed host; another one where `host` is an alias."""
    ports: tuple[int, ...]
    levels: tuple[ExpectedLevel, ...]
    own: Literal["there", "perhaps", "none"]
    """Whether pods of the own copy have to be known; `perhaps`: it arrives or leaves."""
    ranked: bool
    """Whether the priorities are ours to say: not under a team's rule, nor where istiod resolves a gateway's name."""
    split: Literal["never", "own", "all"]
    """Whose endpoints of one level may have several priorities: the own pods by zone, or all as the mesh does it."""
    resolved: bool
    """Whether istiod resolves the name of a gateway, so that addresses are there which nobody knows from the plan."""
    seen_by: tuple[str, ...]
    """Namespaces whose clients see the host; `*`: all."""
    routes: tuple[Route, ...]
    """Where the routes of the host send its requests; none: to the host itself."""
    takes: tuple[Taken, ...]
    """The objects in the cluster that make it so."""
    place: Span | None
    """What in the fleet makes it so."""
    own_place: Span | None
    """The own copy in the inventory."""

    def visible(self, namespace: str) -> bool:
        """Whether clients in `namespace` see it; empty: an unknown one."""
        return not namespace or "*" in self.seen_by or namespace in self.seen_by


def expected_hosts(calls: Calls, cluster: str) -> Iterator[ExpectedHost]:
    """Every exposed host, with its aliases, that clients of `cluster` reach by our objects or in their own cluster."""
    for call in calls.of(cluster).values():
        item = call.imports[-1] if call.imports else None
        if item is not None and item.takes:
            yield from _imported(calls, call, item)
        elif call.state == "local" and call.standing == "own":
            yield from _local(call)


def _local(call: Call) -> Iterator[ExpectedHost]:
    """A host of the own cluster alone: pods, and none of our entries."""
    local = call.local
    if local is None or unexposable(local) is not None:
        return
    yield ExpectedHost(
        host=call.host,
        of=call.host,
        ports=tuple(port.port for port in local.tcp_ports),
        levels=(ExpectedLevel((), own=True),),
        own="there" if local.state == "active" else "perhaps",
        ranked=False,
        split="all",
        resolved=False,
        seen_by=tuple(local.export_to or ("*",)),
        routes=(),
        takes=(),
        place=local.span(),
        own_place=local.span(),
    )


def _imported(calls: Calls, call: Call, item: Import) -> Iterator[ExpectedHost]:
    setting, local = item.sources[0].setting, call.local
    resolved = any(endpoint.address is None for endpoint in item.endpoints)
    own: Literal["there", "perhaps", "none"] = "none"
    if local is not None and item.form == "workloadEntries":
        own = "there" if local.state == "active" else "perhaps"
    seen_by = export_to(item.sources) if item.form == "serviceEntry" else ("*",)
    if local is not None and local.export_to:
        seen_by = tuple(local.export_to)
    found = ExpectedHost(
        host=call.host,
        of=call.host,
        ports=tuple(port.port for port in item.ports if port.protocol == "TCP"),
        levels=_levels(calls, item),
        own=own,
        ranked=item.policy.owner == "ours" and item.policy.rule is None and not resolved,
        split=_split(item),
        resolved=resolved,
        seen_by=seen_by,
        routes=item.routes,
        takes=item.takes,
        place=setting.span() if setting is not None else item.sources[0].workspace.span(),
        own_place=local.span() if local is not None else None,
    )
    yield found
    for route in item.routes:
        yield _alias(call, item, found, route)


def _split(item: Import) -> Literal["never", "own", "all"]:
    """Without priorities of ours the mesh ranks by region, zone and subzone (ApplyLocalityLoadBalancer of Istio)."""
    if item.order.means != "together" and not item.order.priorities:
        return "all"
    return "own" if item.failover.zone_aware else "never"


def _levels(calls: Calls, item: Import) -> tuple[ExpectedLevel, ...]:
    """The levels of an import. Past its routes a host is ranked by region and network."""
    if item.order.means != "routes":
        return tuple(ExpectedLevel(_known(level.endpoints), level.local) for level in item.levels)
    region = calls.relations.cluster(item.consumer).region or ""
    near = [each for each in item.endpoints if _region(each) == region]
    far = [each for each in item.endpoints if _region(each) != region]
    return _filled([ExpectedLevel((), own=True), ExpectedLevel(_known(near)), ExpectedLevel(_known(far))])


def _alias(call: Call, item: Import, of: ExpectedHost, route: Route) -> ExpectedHost:
    """An alias: one cluster, then all others alike (`alias_rule` of meshgen/plan/policies.py)."""
    pods = any(level.local for level in item.levels)
    first = ExpectedLevel(
        _known([each for each in item.endpoints if each.source == route.cluster]),
        own=pods and route.cluster == call.consumer,
    )
    rest = ExpectedLevel(
        _known([each for each in item.endpoints if each.source != route.cluster]),
        own=pods and route.cluster != call.consumer,
    )
    return ExpectedHost(
        host=route.host,
        of=call.host,
        ports=of.ports,
        levels=_filled([first, rest]),
        own=of.own if pods else "none",
        ranked=not of.resolved,
        split="own" if item.failover.zone_aware and route.cluster == call.consumer else "never",
        resolved=of.resolved,
        seen_by=("*",),
        routes=(),
        takes=of.takes,
        place=of.place,
        own_place=of.own_place,
    )


def _filled(levels: list[ExpectedLevel]) -> tuple[ExpectedLevel, ...]:
    return tuple(level for level in levels if level.remote or level.own)


def _known(endpoints: Sequence[RemoteEndpoint]) -> tuple[RemoteEndpoint, ...]:
    return tuple(endpoint for endpoint in endpoints if endpoint.address is not None)


def _region(endpoint: RemoteEndpoint) -> str:
    return (endpoint.locality or "").partition("/")[0]
