"""Who retries, and whether that reaches another cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import qualify
from meshgen.analysis.protocols import protocol_of, speaks_http2
from meshgen.calls.retries import RETRY_AS_ISTIO, local_levels
from meshgen.check.origins import exposure_at, failover_at, hosts_at
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.several import all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.calls import Import
    from meshgen.calls.model import RetryDecision
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.foreign import ObservedVirtualService
    from meshgen.language.inventory import ServicePort


def team_route_without_retries(context: Context) -> Iterator[Finding]:
    """Find hosts for which clients have a team's VirtualService instead of ours; the help holds the block to add.

    A team's VirtualService or route for a host keeps its own retries: ours would lose against the older object, or is
    not seen by the clients that the team's is exported to.

    Source: design §3, Retries; without them 30 of 1,500 requests were lost at a failover, with them none.
    """
    for item in context.calls.imports:
        decision = item.retries
        team = decision.team
        if team is None or item.routes:  # with shares it is an error (MG443)
            continue
        if team.kind == "VirtualService":
            advice = f"Add to each of its `http` routes: `{_retry_block(decision)}`, then accept this."
        else:
            advice = "Let the mesh retry instead: set `failover: {retries: {mode: meshConfig}}`."
        yield Finding(
            message=f"{team.kind} `{team.name}` of namespace `{team.namespace}` in cluster `{item.consumer}` routes "
            f"`{item.host}`{_lost_by(decision)}",
            span=team.span("name"),
            help=advice,
            object=item.object,
        )


def _lost_by(decision: RetryDecision) -> str:
    if not decision.team_clients:
        return ": meshgen emits no retries, so requests are lost when it fails over"
    namespaces = all_of(decision.team_clients)
    return f" for clients in {namespaces}, which have no retries of meshgen: their requests are lost when it fails over"


def _retry_block(decision: RetryDecision) -> str:
    return f'retries: {{attempts: {decision.attempts}, retryOn: "{RETRY_AS_ISTIO}", retryRemoteLocalities: true}}'


def gateway_route_without_retries(context: Context) -> Iterator[Finding]:
    """Find teams' routes of gateways that send on to failing-over hosts without retries in other clusters.

    A gateway obeys our DestinationRule, and no VirtualService of the mesh: a request that meets the death of the local
    copy is tried again elsewhere only if the team's route says so, or the mesh's default policy, as it does where the
    fleet takes it (`mode: meshConfig`). Not where the same VirtualService routes the host for sidecars, too (MG363).

    Source: design §3, Retries; BuildHTTPRoutesForVirtualService, pilot/pkg/networking/core/route/route.go.
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    moving = {
        (item.consumer, item.host): item.retries
        for item in context.calls.imports
        if item.local is not None and (item.retries.carrier != "none" or item.retries.team is not None)
    }
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        mesh_retries = relations.facts[cluster.name].mesh_retries
        for route in inventory.virtual_services if inventory is not None else ():
            lost: dict[str, RetryDecision] = {}
            for each in route.destinations:
                host = qualify(each.host, route.namespace, domain)
                decision = moving.get((cluster.name, host))
                if decision is None or decision.team is route or each.retries == "everywhere":
                    continue
                if each.retries == "here" or not (mesh_retries or decision.carrier == "mesh"):
                    lost[host] = decision
            if lost:
                yield Finding(
                    message=f"{route.kind} `{route.name}` of namespace `{route.namespace}` in cluster "
                    f"`{cluster.name}` sends requests of gateways to {listed(sorted(lost))} without retries in other "
                    "clusters: they are lost when the local copy dies",
                    span=route.span("name"),
                    help=_how_to_retry(route, lost.values()),
                    object=f"{cluster.name}/{route.namespace}/{route.name}",
                )


def _how_to_retry(route: ObservedVirtualService, lost: Iterable[RetryDecision]) -> str:
    """A route of the Gateway API cannot say that another cluster is to be tried: `retry` has no such field."""
    if route.kind == "VirtualService":
        most = max(lost, key=lambda decision: decision.attempts)
        return f"Add to its `http` routes to them: `{_retry_block(most)}`, then import it again."
    return (
        "Let the mesh retry (`failover: {retries: {mode: meshConfig}}`) and leave its `retry` out, or publish the host "
        "(`publishedHosts`) and delete the route."
    )


def port_without_protocol(context: Context) -> Iterator[Finding]:
    """Find ports of which Istio guesses what they speak, one finding a workspace with all of them.

    On such a port a client's proxy waits for the client's first bytes, so a server that speaks first is never heard,
    and no setting of HTTP/2 applies. Retries work where it finds HTTP; no other port of the Service is touched.

    Source: ConvertProtocol, pkg/config/kube/conversion.go; pilot/pkg/networking/core/listener.go of Istio.
    """
    found: dict[str, dict[tuple[str, int], tuple[str, ServicePort]]] = {}
    for item in context.calls.imports:
        ports = found.setdefault(item.sources[0].workspace.name, {})
        cluster = item.sources[0].cluster if item.local is None else item.consumer
        for port in item.ports:
            if port.protocol == "TCP" and protocol_of(port) is None:
                ports.setdefault((item.host, port.port), (cluster, port))
    for workspace, ports in found.items():
        if not ports:
            continue
        (_, first), *others = ports.values()
        unknown = sorted({port.app_protocol for _, port in ports.values() if port.app_protocol})
        why = f" Istio does not know {all_of(unknown)}, and reads no name beside it." if unknown else ""
        yield Finding(
            message=f"Istio guesses what {all_of([f'{host}:{number}' for host, number in ports])} "
            f"{'speak' if others else 'speaks'}: a server that speaks first is never heard, and HTTP/2 gets no pings",
            span=first.span("name"),
            help="Declare `appProtocol` (`http`, `http2`, `grpc`, `tcp`) on the port of the Service, or name it "
            f"`<protocol>-…`.{why}",
            notes=notes(*((port.span("name"), f"in `{cluster}`") for cluster, port in others)),
            object=f"workspace/{workspace}",
        )


_TWO = 2


def too_few_attempts(context: Context) -> Iterator[Finding]:
    """Find declared `attempts` that are too low for a host with several levels, one finding a place.

    A request reaches a remote endpoint only after two tries on each level before it (design §3, Retries), and the last
    level of an order only past all addresses of those before it.
    """
    seen: set[Span | None] = set()
    for item in context.calls.imports:
        declared = item.failover.attempts
        plain = item.order.means == "locality"
        needed = _TWO * _levels_before_remote(item) if plain else item.retries.reaching
        goal = "another cluster" if plain else "the last of its clusters"
        if declared is None or declared >= needed or item.all_levels < _TWO:
            continue
        if item.failover.mode == "off":
            continue
        source = item.sources[0]
        span = failover_at(source.workspace, source.setting, "retries", "attempts")
        if span in seen:
            continue
        seen.add(span)
        yield Finding(
            message=f"{declared} {'retry does' if declared == 1 else 'retries do'} not reach {goal} when "
            f"`{item.host}` fails in cluster `{item.consumer}`: it takes {needed}",
            span=span,
            help=f"Set `attempts` to {needed} or more, or leave it out.",
            object=item.host,
        )


def _levels_before_remote(item: Import) -> int:
    """Levels that a request passes before the first remote one, at least the one it starts at."""
    return local_levels(item.failover) if item.local is not None else 1


def retries_of_tcp(context: Context) -> Iterator[Finding]:
    """Find hosts without an HTTP port whose own settings ask for a VirtualService, once each.

    Only HTTP can be retried: a VirtualService for retries is useless for a service of TCP ports (design §3, Retries).
    """
    seen: set[str] = set()
    for item in context.calls.imports:
        setting = item.sources[0].setting
        asked = setting and setting.failover and setting.failover.retries and setting.failover.retries.mode
        if item.retries.reason != "no HTTP port" or asked != "virtualService" or item.host in seen:
            continue
        seen.add(item.host)
        yield Finding(
            message=f"`{item.host}` has no HTTP port, so `mode: virtualService` does nothing for it",
            span=failover_at(item.sources[0].workspace, setting, "retries", "mode"),
            help="Leave `mode` out, or declare the protocol of its ports.",
            object=item.host,
        )


_ONLY_ROUTES = ("perTryTimeout", "idempotent", "idempotentRequests")
_NOT_CARRIED = {
    "": (
        "the mesh's own policy retries, which is one for all requests",
        "Set `mode: virtualService`, or leave it out.",
    ),
    "off": ("nobody retries", "Leave it out, or choose another `mode`."),
    "one place": ("there is one address to call, so Istio's own retries stay", "Leave it out."),
    "no HTTP port": ("no port speaks HTTP", "Leave it out."),
}


def setting_without_routes(context: Context) -> Iterator[Finding]:
    """Find settings of retries that only a VirtualService carries where there is none, one finding a place.

    Not beside a team's routes, since MG363 comes first. A place counts where no host that it is for gets routes.
    """
    by_setting: dict[tuple[int, int], list[Import]] = {}
    for item in context.calls.imports:
        failover = item.failover
        if failover.per_try_timeout or failover.idempotent_requests or failover.idempotent != "safeMethods":
            source = item.sources[0]
            by_setting.setdefault((id(source.workspace), id(source.setting)), []).append(item)
    found: dict[Span, tuple[str, list[Import]]] = {}
    for items in by_setting.values():
        source = items[0].sources[0]
        for field in _ONLY_ROUTES:
            span = failover_at(source.workspace, source.setting, "retries", field)
            if span is not None and span != exposure_at(source):
                found.setdefault(span, (field, []))[1].extend(items)
    for span, (field, items) in found.items():
        reasons = [item.retries.reason for item in items if item.retries.carrier != "virtualService"]
        if len(reasons) < len(items) or "team" in reasons:
            continue
        why, advice = _NOT_CARRIED[reasons[0]]
        hosts = list(dict.fromkeys(item.host for item in items))
        yield Finding(
            message=f"`{field}` does nothing for {listed(hosts)}: {why}",
            span=span,
            help=advice,
            object=hosts[0] if len(hosts) == 1 else f"workspace/{items[0].sources[0].workspace.name}",
        )


def http2_without_timeout(context: Context) -> Iterator[Finding]:
    """Find hosts that nobody pings and whose tries have no timeout, one finding a workspace.

    Not those whose retries are the team's, since MG363 comes first.

    An HTTP/2 connection whose other end vanished is used on: nothing fails that would move its calls (istio#33466).
    """
    found: dict[str, list[Import]] = {}
    for item in context.calls.imports:
        if speaks_http2(item.ports) and _wants_timeout(item) and not item.pings:
            found.setdefault(item.sources[0].workspace.name, []).append(item)
    for workspace, items in found.items():
        hosts = listed(dict.fromkeys(item.host for item in items))
        clusters = listed(dict.fromkeys(item.consumer for item in items))
        too_old = any(item.local is None for item in items)
        yield Finding(
            message=f"calls of {hosts} in {clusters} may wait for minutes when a node or an address "
            "vanishes without a word: HTTP/2 has one connection for all, and nothing fails that would move them",
            span=exposure_at(items[0].sources[0]),
            help=f"{_remedy(items[0].retries)}{', or name `istio.version` if it is 1.31 or newer' if too_old else ''}.",
            notes=hosts_at(items),
            object=f"workspace/{workspace}",
        )


def _wants_timeout(item: Import) -> bool:
    """Whether tries have no timeout and could have one: only our VirtualService carries it."""
    if item.retries.carrier == "virtualService":
        return item.failover.per_try_timeout is None
    return item.retries.carrier == "mesh" or item.retries.reason == "off"


def _remedy(retries: RetryDecision) -> str:
    if retries.carrier == "virtualService":
        return "Set `failover.retries.perTryTimeout` to more than an answer takes"
    return "Set `mode: virtualService` in `failover.retries`, and `perTryTimeout` to more than an answer takes"


RULES = (
    Rule("MG363", "warning", "a team's route without retries", "0.1", team_route_without_retries),
    Rule("MG447", "warning", "a gateway's route without retries", "0.1", gateway_route_without_retries),
    Rule("MG364", "hint", "a port that does not say what it speaks", "0.1", port_without_protocol),
    Rule("MG365", "warning", "too few retries to reach another cluster", "0.1", too_few_attempts),
    Rule("MG366", "hint", "retries by VirtualService for a service without HTTP", "0.1", retries_of_tcp),
    Rule("MG441", "warning", "settings of retries that nobody carries", "0.1", setting_without_routes),
    Rule("MG390", "hint", "calls by HTTP/2 that may wait for minutes", "0.1", http2_without_timeout),
)
