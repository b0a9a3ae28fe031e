"""Who retries, and whether that reaches another cluster."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from meshgen.analysis.protocols import speaks_http2
from meshgen.check import policies
from meshgen.check.consumers import imports, is_stub, levels, levels_before_remote, retries
from meshgen.check.consumers import retries as all_retries
from meshgen.check.origins import exposure_at, failover_at, service_object
from meshgen.check.places import first_of, listed
from meshgen.check.rule import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.check.context import Context
    from meshgen.diagnostics import Span


def team_route_without_retries(context: Context) -> Iterator[Finding]:
    """Find hosts for which no VirtualService is emitted since the team has one; the help holds the block to add.

    A team's VirtualService or route for a host keeps its own retries: ours would lose against the older object.

    Source: design §3, Retries; without them 30 of 1,500 requests were lost at a failover, with them none.
    """
    for link, decision in retries(context.relations):
        team = decision.team
        if decision.reason != "team" or team is None:
            continue
        if team.kind == "VirtualService":
            advice = f"Add to each of its `http` routes: `{_retry_block(decision)}`, then accept this."
        else:
            advice = "Let the mesh retry instead: set `failover: {retries: {mode: meshConfig}}`."
        yield Finding(
            message=f"{team.kind} `{team.name}` of namespace `{team.namespace}` in cluster `{link.cluster}` routes "
            f"`{link.host}`: meshgen emits no retries, so requests are lost when it fails over",
            span=team.span("name"),
            help=advice,
            object=link.object,
        )


def _retry_block(decision: RetryDecision) -> str:
    return (
        f'retries: {{attempts: {decision.attempts}, retryOn: "connect-failure,refused-stream,reset-before-request", '
        f"retryRemoteLocalities: true}}"
    )


def port_without_protocol(context: Context) -> Iterator[Finding]:
    """Find ports without protocol that keep a host from getting retries, once each.

    A VirtualService replaces the routes of all ports that may be HTTP, so each port has to say what it speaks.

    Source: design §3, Retries; protocol selection (Istio: pkg/config/kube/conversion.go).
    """
    seen: set[int] = set()
    for link, decision in retries(context.relations):
        port = decision.undeclared
        if decision.reason != "undeclared port" or port is None or id(port) in seen:
            continue
        seen.add(id(port))
        cluster = link.cluster if link.local is not None else link.sources[0].cluster
        service = link.local or link.sources[0].service
        yield Finding(
            message=f"port `{port.name}` ({port.port}) of `{link.host}` in cluster `{cluster}` does not say what it "
            f"speaks: meshgen emits no retries, so requests are lost when it fails over",
            span=port.span("name"),
            help="Declare `appProtocol` (`http`, `http2`, `grpc`, `tcp`) on the port of the Service, or name it "
            "`<protocol>-…`.",
            object=service_object(cluster, service),
        )


_TWO = 2


def too_few_attempts(context: Context) -> Iterator[Finding]:
    """Find declared `attempts` that are too low for a host with several levels, one finding a place.

    A request reaches a remote endpoint only after two tries on each level before it (design §3, Retries).
    """
    relations = context.relations
    seen: set[Span | None] = set()
    for link in imports(relations):
        declared = link.failover.attempts
        needed = _TWO * levels_before_remote(link)
        if declared is None or declared >= needed or levels(relations, link) < _TWO:
            continue
        if link.failover.mode == "off":
            continue
        source = link.sources[0]
        span = failover_at(source.workspace, source.setting, "retries", "attempts")
        if span in seen:
            continue
        seen.add(span)
        yield Finding(
            message=f"{declared} {'retry does' if declared == 1 else 'retries do'} not reach another cluster when "
            f"`{link.host}` fails in cluster `{link.cluster}`: it takes {needed}",
            span=span,
            help=f"Set `attempts` to {needed} or more, or leave it out.",
            object=link.host,
        )


def retries_of_tcp(context: Context) -> Iterator[Finding]:
    """Find hosts without an HTTP port whose own settings ask for a VirtualService, once each.

    Only HTTP can be retried: a VirtualService for retries is useless for a service of TCP ports (design §3, Retries).
    """
    seen: set[str] = set()
    for link, decision in retries(context.relations):
        setting = link.sources[0].setting
        asked = setting and setting.failover and setting.failover.retries and setting.failover.retries.mode
        if decision.reason != "no HTTP port" or asked != "virtualService" or link.host in seen:
            continue
        seen.add(link.host)
        yield Finding(
            message=f"`{link.host}` has no HTTP port, so `mode: virtualService` does nothing for it",
            span=failover_at(link.sources[0].workspace, setting, "retries", "mode"),
            help="Leave `mode` out, or declare the protocol of its ports.",
            object=link.host,
        )


def mesh_policy_instead(context: Context) -> Iterator[Finding]:
    """Count the hosts of each cluster for which `auto` falls back to a VirtualService.

    The mesh's own retry policy covers every host and meets no VirtualService of a team (design §3, Retries).
    """
    relations = context.relations
    count = Counter(
        link.cluster
        for link, decision in retries(relations)
        if decision.carrier == "virtualService" and link.failover.mode == "auto"
    )
    for cluster, hosts in sorted(count.items()):
        yield Finding(
            message=f"cluster `{cluster}` gets {hosts} VirtualService{'s' if hosts > 1 else ''} for retries, which one "
            f"policy of its mesh would replace",
            span=relations.cluster(cluster).span("name"),
            help="Fewer objects, but no retry of 503: set `mode: meshConfig`, or `mode: virtualService` to keep them.",
            object=f"cluster/{cluster}",
        )


def http2_without_timeout(context: Context) -> Iterator[Finding]:
    """Find hosts that nobody pings and whose tries have no timeout, one finding a workspace.

    Not those whose retries are the team's or want a declared port, since MG363 and MG364 come first.

    An HTTP/2 connection whose other end vanished is used on: nothing fails that would move its calls (istio#33466).
    """
    relations = context.relations
    found: dict[str, list[tuple[Link, RetryDecision]]] = {}
    for link, decision in all_retries(relations):
        if speaks_http2(link.ports) and _wants_timeout(link, decision) and not _pinged(relations, link):
            found.setdefault(link.sources[0].workspace.name, []).append((link, decision))
    for workspace, pairs in found.items():
        links = [link for link, _ in pairs]
        hosts = first_of(list(dict.fromkeys(link.host for link in links)))
        clusters = listed(dict.fromkeys(link.cluster for link in links))
        too_old = any(link.kind == "remote" for link in links)
        yield Finding(
            message=f"calls of {hosts} in {clusters} may wait for minutes when a node or an address "
            "vanishes without a word: HTTP/2 has one connection for all, and nothing fails that would move them",
            span=exposure_at(links[0].sources[0]),
            help=f"{_remedy(pairs[0][1])}{', or name `istio.version` if it is 1.31 or newer' if too_old else ''}.",
            object=f"workspace/{workspace}",
        )


def _wants_timeout(link: Link, retries: RetryDecision) -> bool:
    """Whether tries have no timeout and could have one: only our VirtualService carries it."""
    if retries.carrier == "virtualService":
        return link.failover.per_try_timeout is None
    return retries.carrier == "mesh" or retries.reason == "off"


def _remedy(retries: RetryDecision) -> str:
    if retries.carrier == "virtualService":
        return "Set `failover.retries.perTryTimeout` to more than an answer takes"
    return "Set `mode: virtualService` in `failover.retries`, and `perTryTimeout` to more than an answer takes"


def _pinged(relations: Relations, link: Link) -> bool:
    """Whether the rule of a host makes proxies ping; beside a local copy it must not (`plan.policies.local_rule`)."""
    if link.kind != "remote" or not relations.facts[link.cluster].pings_http2:
        return False
    return not is_stub(relations, link) or policies.decision(relations, link).owner == "ours"


RULES = (
    Rule("MG363", "warning", "a team's route without retries", "0.1", team_route_without_retries),
    Rule("MG364", "warning", "a port that does not say what it speaks", "0.1", port_without_protocol),
    Rule("MG365", "warning", "too few retries to reach another cluster", "0.1", too_few_attempts),
    Rule("MG366", "hint", "retries by VirtualService for a service without HTTP", "0.1", retries_of_tcp),
    Rule("MG367", "hint", "the mesh's own retry policy would do", "0.1", mesh_policy_instead),
    Rule("MG390", "hint", "calls by HTTP/2 that may wait for minutes", "0.1", http2_without_timeout),
)
