"""Who retries the requests of a host, so that a failover loses none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of
from meshgen.calls.model import RetryDecision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.calls.model import Level
    from meshgen.calls.order import Order
    from meshgen.language.foreign import ObservedVirtualService
    from meshgen.language.inventory import ServicePort

RETRY_UNPROCESSED = "connect-failure,refused-stream,reset-before-request"
"""Failures after which no server can have seen the request."""
RETRY_AS_ISTIO = f"{RETRY_UNPROCESSED},unavailable,cancelled"
"""Those, and what Istio retries where nobody says how (defaultRetryOn, pilot/pkg/networking/core/route/retry/retry.go):
the answers of gRPC by which a server says that it did not do it."""
RETRY_IDEMPOTENT = f"{RETRY_AS_ISTIO},reset,503"
"""What a request is retried on that may run twice."""


FEWEST_ATTEMPTS = 3
TRIES_A_LEVEL = 2
_UNDER_SHARES = 5


def retry(
    sources: Sequence[Exposure],
    ports: Sequence[ServicePort],
    levels: Sequence[Level],
    order: Order,
    *,
    local: bool,
    mesh_retries: bool,
) -> RetryDecision:
    """Decide for one host that `sources` serve in these `levels`, as if no team routed it.

    `local`: beside a copy of the consumer's own; `mesh_retries`: its mesh's own policy retries in other localities. It
    is one for all hosts, so nobody knows that it reaches the last level of an order: there routes retry unless the
    fleet says otherwise. `ports` are those of the local copy, or those that all sources share where the cluster has
    none. A retry needs another endpoint to go to; whether that is another level does not matter: Istio's default
    policy does not retry a reset, so one of several addresses that resets would cost requests (measured in the lab).

    Routes that match a port leave all others with Istio's default (BuildSidecarVirtualHostWrapper,
    pilot/pkg/networking/core/route/route.go), and count on a port whose protocol Istio guesses only where it finds HTTP
    (measured in the lab).
    """
    failover = sources[0].failover
    if failover.mode == "off":
        return RetryDecision("none", "off")
    routed = tuple(port for port in ports if port.protocol == "TCP" and may_be_http(port))
    if not routed:
        return RetryDecision("none", "no HTTP port")
    reaching = _reaching(levels, order, failover)
    tries = failover.attempts or max(_UNDER_SHARES if order.means == "routes" else FEWEST_ATTEMPTS, reaching)
    plain = order.means == "locality"
    by_mesh = failover.mode == "auto" and mesh_retries and plain and not failover.asks_for_routes
    if failover.mode == "meshConfig" or by_mesh:
        return RetryDecision("mesh", attempts=tries, reaching=reaching)
    if not local and not _several_places(sources):
        return RetryDecision("none", "one place")
    return RetryDecision("virtualService", ports=routed, attempts=tries, reaching=reaching)


def may_be_http(port: ServicePort) -> bool:
    """Whether a port speaks HTTP, or Istio may find that it does."""
    protocol = protocol_of(port)
    return protocol is None or protocol in HTTP_FAMILY


def beside_team(
    decision: RetryDecision, team: Sequence[ObservedVirtualService], by_default: Sequence[str], ours: Sequence[str]
) -> RetryDecision:
    """The decision where the teams' VirtualServices and routes `team` are for the same host: ours would lose.

    `by_default`: who sees one of theirs that says nothing; `ours`: who would see ours, namespaces or `*`. One that only
    some namespaces see comes before ours there and nowhere else, as long as all see ours: which of two that are
    exported alike is older nobody knows here.

    Source: initVirtualServices and VirtualServicesForGateway, pilot/pkg/model/push_context.go: private ones first, then
    those that are exported to the client's namespace, then those for all, each by age.
    """
    if decision.carrier != "virtualService":
        return decision
    seen = [(item, _clients(item, by_default)) for item in team]
    if "*" not in ours:
        seen = [(item, clients) for item, clients in seen if clients & {"*", *ours}]
    for item, clients in seen:
        if "*" in clients or "*" not in ours:
            return replace(decision, carrier="none", reason="team", team=item)
    for item, clients in seen:
        if clients:
            return replace(decision, team=item, team_clients=tuple(sorted(clients)))
    return decision


def _clients(item: ObservedVirtualService, by_default: Sequence[str]) -> set[str]:
    """The namespaces that see an object, `*` for all; none with `~`, whatever stands beside it."""
    named = item.export_to or by_default
    if "*" in named:
        return {"*"}
    return set() if "~" in named else {item.namespace if name == "." else name for name in named}


def _reaching(levels: Sequence[Level], order: Order, failover: EffectiveFailover) -> int:
    """Retries that reach the last level: every second try goes on to the next one (measured in the lab).

    In an order that the fleet gives, past all addresses of the levels before the last: with fewer, 42 of 60 requests
    were lost when the first two of three levels were dead. Under shares, past all addresses of any one cluster.
    """
    locally = TRIES_A_LEVEL * local_levels(failover)
    if order.means == "locality":
        return TRIES_A_LEVEL * (len(levels) - 1) + sum(locally - TRIES_A_LEVEL for level in levels if level.local)
    if order.means in ("labels", "network"):
        return sum(_tries(level) if not level.local else max(locally, _tries(level)) for level in levels[:-1])
    addresses = Counter(endpoint.source for level in levels for endpoint in level.endpoints)
    return max((*addresses.values(), locally if order.means == "routes" else 0))


def _tries(level: Level) -> int:
    return max(TRIES_A_LEVEL, len(level.endpoints))


def local_levels(failover: EffectiveFailover) -> int:
    """Priority levels of a local copy: its cluster, or its zone and then the rest of the cluster."""
    return 2 if failover.zone_aware else 1


def _several_places(sources: Sequence[Exposure]) -> bool:
    """Whether there are several addresses; a hostname stands for several."""
    return len(sources) > 1 or any(len(source.reach.addresses) != 1 for source in sources)
