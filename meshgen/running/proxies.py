"""What a proxy knows against what the calls say: hosts, endpoints, priorities, shares, server names."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from meshgen.diagnostics import diagnose
from meshgen.diagnostics.model import Cause
from meshgen.diagnostics.several import NAMES, all_of
from meshgen.running.expected import OWN_PODS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from meshgen.calls import RemoteEndpoint
    from meshgen.diagnostics import Diagnostic
    from meshgen.plan.model import ClusterPlan
    from meshgen.running.dump import KnownEndpoint, KnownToProxy
    from meshgen.running.expected import ExpectedHost, ExpectedLevel


@dataclass(frozen=True, slots=True)
class _At:
    """The proxy that is looked at."""

    name: str
    cluster: str
    gateways: frozenset[tuple[str | None, int]]
    """Addresses and ports of all gateways that calls of the cluster lead to."""
    dead: Collection[str]


_ENTRY = re.compile(r"k-.+-[0-9a-f]{32}(-[0-9]+)?")
"""Name of a WorkloadEntry of ours (`entry_name` of meshgen/analysis/names.py)."""


def compare_proxy(
    proxy: KnownToProxy,
    plan: ClusterPlan,
    expected: Sequence[ExpectedHost],
    explained: Collection[str] = (),
    dead: Collection[str] = (),
) -> Iterator[Diagnostic]:
    """Where a proxy of the plan's cluster knows something else than the calls say.

    `explained`: exposed hosts whose objects are not as planned: what proxies know of them follows from that. `dead`:
    addresses with ports where nobody answers: that proxies avoid them follows from that.
    """
    name = proxy.name or "of the dump"
    if proxy.network is not None and plan.facts.network is not None and proxy.network != plan.facts.network:
        yield _network(name, proxy.network, plan)
        return  # every rank depends on it
    if proxy.role == "gateway":
        yield from _gateway(name, proxy, plan, explained)
        return
    gateways = frozenset((endpoint.address, endpoint.port) for host in expected for endpoint in _remote(host))
    at = _At(name, plan.cluster, gateways, dead)
    for host in expected:
        if host.of not in explained and host.visible(proxy.namespace):
            yield from _host(at, proxy, host)


def _network(name: str, network: str, plan: ClusterPlan) -> Diagnostic:
    said = f"`{network}`" if network else "no network"
    wanted = f"`{plan.facts.network}`" if plan.facts.network else "none"
    return diagnose(
        "MG765",
        f"the proxy `{name}` is in {said}, and the fleet says {wanted} for `{plan.cluster}`",
        help="Label the namespace of Istio's control plane `topology.istio.io/network` as the fleet says and restart "
        "the pod, or correct `network` of the cluster in the fleet: priorities follow from it.",
        object=f"cluster/{plan.cluster}",
    )


def _host(at: _At, proxy: KnownToProxy, host: ExpectedHost) -> Iterator[Diagnostic]:
    """One finding a cause: what is true of all ports of a host is said once."""
    known = {port: proxy.endpoints[host.host, port] for port in host.ports if (host.host, port) in proxy.endpoints}
    if lacking := [port for port in host.ports if port not in known]:
        yield _unknown_host(at, host, lacking)
    yield from _once(each for found in known.values() for each in _endpoints(at, host, found))
    yield from _once(each for port in host.ports for each in _shares_of_routes(at, host, proxy, port))


def _once(findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    yield from dict.fromkeys(findings)


def _unknown_host(at: _At, host: ExpectedHost, ports: Sequence[int]) -> Diagnostic:
    where = f" at port {', '.join(map(str, ports))}" if len(ports) < len(host.ports) else ""
    return diagnose(
        "MG766",
        f"the proxy `{at.name}` does not know `{host.host}`{where}",
        host.place,
        "See that the cluster is synced (leave out `--config-dump`), that no Sidecar resource leaves the host out for "
        "the namespace of the pod, and that istiod is in contact with the proxy (`istioctl proxy-status`).",
        object=f"{at.cluster}/{host.of}",
        cause=Cause(
            f"the proxy `{at.name}` does not know {{names}}", f"cluster/{at.cluster}", f"`{host.host}`", "this host"
        ),
    )


def _endpoints(at: _At, host: ExpectedHost, found: Sequence[KnownEndpoint]) -> Iterator[Diagnostic]:
    by_address = {(endpoint.address, endpoint.port): endpoint for endpoint in found}
    remote = _remote(host)
    wanted = {(endpoint.address, endpoint.port) for endpoint in remote}
    missing = [endpoint for endpoint in remote if (endpoint.address, endpoint.port) not in by_address]
    others = [endpoint for key, endpoint in by_address.items() if key not in wanted]
    stray = [each for each in others if _ours(each) or (each.address, each.port) in at.gateways]
    pods = [each for each in others if each not in stray]
    if host.own == "none" and not host.resolved:
        stray, pods = others, []
    elif host.own == "none":
        stray, pods = [each for each in stray if _ours(each)], []
    for endpoint in missing:
        yield _missing(at, host, endpoint)
    for each in stray:
        yield _stray(at, host, each)
    if host.own == "there" and not pods:
        yield diagnose(
            "MG769",
            f"the proxy `{at.name}` knows no pod of `{host.of}` in `{at.cluster}`, which has the Service",
            host.own_place or host.place,
            "See whether pods run and are ready (`kubectl get endpointslices`); calls go to the other clusters now. If "
            "the copy is to go, announce it: `meshgen inventory announce --state leaving`.",
            object=f"{at.cluster}/{host.of}",
        )
    if host.ranked:
        yield from _order(at, host, by_address, pods)
    yield from _weights(at, host, by_address)
    for each in found:
        if not each.healthy and (each.address, each.port) in wanted and each.shown not in at.dead:
            yield _unhealthy(at, host, each)


def _ours(endpoint: KnownEndpoint) -> bool:
    return _ENTRY.fullmatch(endpoint.workload) is not None


def _remote(host: ExpectedHost) -> list[RemoteEndpoint]:
    return [endpoint for level in host.levels for endpoint in level.remote]


def _missing(at: _At, host: ExpectedHost, endpoint: RemoteEndpoint) -> Diagnostic:
    return _of_endpoint(
        "MG767",
        at,
        host,
        f"lacks the endpoint `{endpoint.address}:{endpoint.port}` of `{endpoint.source}` for {{names}}",
        "See that the cluster is synced (leave out `--config-dump`); what is synced and not taken, istiod's log says.",
        endpoint.source,
    )


def _stray(at: _At, host: ExpectedHost, endpoint: KnownEndpoint) -> Diagnostic:
    return _of_endpoint(
        "MG768",
        at,
        host,
        f"has the endpoint `{endpoint.shown}` for {{names}}, which the plan does not have",
        "Sync the cluster, and look for entries of others for the host (`kubectl get serviceentries,workloadentries "
        "-A`); if it is a new address or a new copy, import the inventory.",
        at.cluster,
    )


def _unhealthy(at: _At, host: ExpectedHost, endpoint: KnownEndpoint) -> Diagnostic:
    return _of_endpoint(
        "MG772",
        at,
        host,
        f"sends nothing to `{endpoint.shown}` for {{names}}: it failed too often",
        "Look at the gateway and at the pods behind it, in the cluster of that address; it is tried again by itself.",
        at.cluster,
    )


def _of_endpoint(code: str, at: _At, host: ExpectedHost, said: str, advice: str, cluster: str) -> Diagnostic:
    """What the proxy does with one endpoint; findings that say it of several hosts, `{names}`, are one by `cluster`."""
    text = f"the proxy `{at.name}` {said}"
    return diagnose(
        code,
        text.replace(NAMES, f"`{host.host}`"),
        host.place,
        advice,
        object=f"{at.cluster}/{host.of}",
        cause=Cause(text, f"cluster/{cluster}", f"`{host.host}`", "this host"),
    )


def _order(
    at: _At,
    host: ExpectedHost,
    by_address: dict[tuple[str, int], KnownEndpoint],
    pods: Sequence[KnownEndpoint],
) -> Iterator[Diagnostic]:
    """MG770 where the priorities are not those of the levels: each level before the next, and one within a level."""
    levels: list[tuple[int, int]] = []
    names: dict[int, dict[str, None]] = defaultdict(dict)
    whole = True
    for level in host.levels:
        pairs = _known(level, by_address)
        remote = [known.priority for _, known in pairs]
        own = [pod.priority for pod in pods] if level.own else []
        for endpoint, known in pairs:
            names[known.priority][f"`{endpoint.source}`"] = None
        for priority in own:
            names[priority][OWN_PODS] = None
        fixed = {"never": [*remote, *own], "own": remote, "all": []}[host.split]
        whole = whole and len(set(fixed)) < 2  # noqa: PLR2004 - one priority or none
        if remote or own:
            levels.append((min([*remote, *own]), max([*remote, *own])))
    if whole and all(before[1] < after[0] for before, after in pairwise(levels)):
        return
    seen = ", then ".join(" and ".join(sorted(names[priority], key=_own_first)) for priority in sorted(names))
    said = ", then ".join(level.names for level in host.levels)
    yield diagnose(
        "MG770",
        f"the proxy `{at.name}` tries {seen} for `{host.host}`, and the plan says {said}",
        host.place,
        "See that the DestinationRule of the host is as emitted and the only one (`kubectl get destinationrules -A`), "
        "and that pods carry no network label of their own.",
        object=f"{at.cluster}/{host.of}",
    )


def _known(
    level: ExpectedLevel, by_address: dict[tuple[str, int], KnownEndpoint]
) -> list[tuple[RemoteEndpoint, KnownEndpoint]]:
    """The remote endpoints of a level that the proxy knows, each with what it knows of it."""
    return [
        (endpoint, by_address[endpoint.address, endpoint.port])
        for endpoint in level.remote
        if endpoint.address is not None and (endpoint.address, endpoint.port) in by_address
    ]


def _own_first(name: str) -> tuple[bool, str]:
    return name != OWN_PODS, name


def _weights(at: _At, host: ExpectedHost, by_address: dict[tuple[str, int], KnownEndpoint]) -> Iterator[Diagnostic]:
    """MG771 where the weights of the remote endpoints of one level are not in proportion to the planned ones."""
    if host.resolved:
        return
    for level in host.levels:
        pairs = [(endpoint.weight or 1, known.weight) for endpoint, known in _known(level, by_address)]
        if len({Fraction(known, wanted) for wanted, known in pairs}) > 1:
            wanted, known = (", ".join(map(str, each)) for each in zip(*pairs, strict=True))
            yield _shares(at, host, f"gives endpoints the weights {known}", wanted)
            return


def _shares_of_routes(at: _At, host: ExpectedHost, proxy: KnownToProxy, port: int) -> Iterator[Diagnostic]:
    routes = proxy.routes.get((host.host, port), ())
    wanted = {route.host: route.weight for route in host.routes}
    if not wanted:
        return
    for goals in routes:
        if _parts(goals) != _parts(wanted):
            seen = ", ".join(f"{weight} to `{goal}`" for goal, weight in goals.items())
            said = ", ".join(f"{weight} to `{goal}`" for goal, weight in wanted.items())
            yield _shares(at, host, f"sends {seen}", said)
            return


def _parts(weights: dict[str, int]) -> dict[str, Fraction]:
    total = sum(weights.values()) or 1
    return {host: Fraction(weight, total) for host, weight in weights.items() if weight}


def _shares(at: _At, host: ExpectedHost, seen: str, said: str) -> Diagnostic:
    return diagnose(
        "MG771",
        f"the proxy `{at.name}` {seen} for `{host.host}`, and the plan says {said}",
        host.place,
        "See that the entries and the VirtualService of the host are as emitted (leave out `--config-dump`), and that "
        "no other VirtualService is for it (`kubectl get virtualservices -A`).",
        object=f"{at.cluster}/{host.of}",
    )


def _gateway(name: str, proxy: KnownToProxy, plan: ClusterPlan, explained: Collection[str]) -> Iterator[Diagnostic]:
    """What an east-west gateway lets in, and that it passes that on to pods of its own cluster only."""
    copies = {copy.host: copy for copy in plan.facts.copies}
    aliases = {alias.host: alias.of for alias in plan.aliases}
    for exposure in plan.exposures:
        copy = copies.get(aliases.get(exposure.host, exposure.host))
        chosen = exposure.pod_labels.items() <= proxy.labels.items()
        if copy is None or not chosen or exposure.host in explained:
            continue
        place = exposure.origin.spans[0] if exposure.origin.spans else None
        about = f"{plan.cluster}/{exposure.host}"
        lacking = [
            port.number
            for port in copy.ports
            if f"outbound_.{port.number}_._.{exposure.host}" not in proxy.server_names
        ]
        if lacking:
            at = f" at port {', '.join(map(str, lacking))}" if len(lacking) < len(copy.ports) else ""
            yield diagnose(
                "MG773",
                f"the gateway `{name}` does not let in `{exposure.host}`{at}",
                place,
                "See that the Gateway of the host and the Service are in the cluster (leave out `--config-dump`), and "
                "that the pods of the gateway carry the labels of its selector.",
                object=about,
                cause=Cause(
                    f"the gateway `{name}` does not let in {{names}}",
                    f"cluster/{plan.cluster}",
                    f"`{exposure.host}`",
                    "this host",
                ),
            )
            continue
        passed = [each for port in copy.ports for each in proxy.passed_on.get((exposure.host, port.number), ())]
        if copy.state == "active" and not passed:
            yield diagnose(
                "MG769",
                f"the gateway `{name}` knows no pod of `{exposure.host}` in `{plan.cluster}`, which exposes it",
                place,
                "See whether pods run and are ready (`kubectl get endpointslices`); what other clusters send fails "
                "until their proxies notice. If the copy is to go, drain it first: `meshgen drain`.",
                object=about,
            )
        if loops := sorted({each.shown for each in passed if _ours(each)}):
            yield diagnose(
                "MG768",
                f"the gateway `{name}` passes `{exposure.host}` on to other clusters, at {all_of(loops)}",
                place,
                "Restart its pods with the emitted Deployment: `ISTIO_META_REQUESTED_NETWORK_VIEW` keeps them to their "
                "own cluster.",
                object=about,
            )
