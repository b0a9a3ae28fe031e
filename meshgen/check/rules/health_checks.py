"""Health checks of the fleet and of published hosts: what they can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.gateways import PORTS_OF_PROXY
from meshgen.check.places import having_namespace, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.published.probes import asked_route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.published.probes import Probe

GIVEN_BY_GATEWAYS = {404: "no route", 503: "no healthy endpoint"}
"""What a gateway answers by itself, and where."""


def entry_point_alone(context: Context) -> Iterator[Finding]:
    """Find edge gateways with a health check in a region without a cluster that could answer it.

    The probe of an entry point covers the clusters of its own region and never others: with those it would say nothing
    about the fast way (docs/design.md §3).
    """
    for probe in context.probes:
        for gateway, _, region in probe.asked_at:
            if region or gateway.role != "edge":
                continue
            where = f"its region `{gateway.region}`" if gateway.region is not None else "its region, which is not said,"
            yield Finding(
                message=f"no probe of `{probe.host}` at edge gateway `{gateway.name}` of `{gateway.cluster}` could "
                f"pass: {where} has no cluster that could answer",
                span=probe.setting.span("host"),
                help="Give both clusters the region in which they are, have a cluster there, or leave the check out.",
                notes=notes((context.relations.cluster(gateway.cluster).span("name"), "the cluster of the edge")),
                object=probe.object,
            )


def passes_while_dead(context: Context) -> Iterator[Finding]:
    """Find health checks that gateways answer themselves, or that go where other clusters answer.

    Envoy answers 404 where no route takes a request and 503 without a healthy endpoint. Under a host that users call a
    probe would be sent to other clusters as they are: that is MG800.
    """
    for probe in context.probes:
        if probe.cluster is not None:
            continue
        if probe.expected_status in GIVEN_BY_GATEWAYS:
            yield Finding(
                message=f"a probe of `{probe.host}` would pass while the cluster behind it is dead: "
                f"{probe.expected_status} is also what a gateway with {GIVEN_BY_GATEWAYS[probe.expected_status]} "
                "answers",
                span=probe.setting.span("expectedStatus"),
                help="Expect a status that only the application answers.",
                object=probe.object,
            )
        yield from _beside_others(context, probe)


def _beside_others(context: Context, probe: Probe) -> Iterator[Finding]:
    """Entry points without an edge whose own pods cannot be told from other clusters'."""
    relations = context.relations
    host = probe.service.host(relations.fleet.spec.cluster_domain)
    for gateway, behind, _ in probe.asked_at:
        if gateway.role != "ingress" or not behind or gateway.cluster not in context.calls.consumers:
            continue
        call = context.calls.of(gateway.cluster).get(host)
        item = call.imports[-1] if call is not None and call.imports else None
        if item is None or (item.policy.owner == "ours" and relations.facts[gateway.cluster].network):
            continue
        why = "a DestinationRule of others governs it" if item.policy.owner != "ours" else "it has no network"
        yield Finding(
            message=f"a probe of `{probe.host}` would pass while `{gateway.cluster}` is dead: `{host}` fails over from "
            f"there, and {why}, so its own pods cannot be chosen",
            span=probe.setting.span("host"),
            help="Put an edge gateway in front, or remove the team's DestinationRule.",
            notes=notes((item.policy.rule.span() if item.policy.rule is not None else None, "the rule")),
            object=probe.object,
        )


def path_without_route(context: Context) -> Iterator[Finding]:
    """Find health checks whose path no route of their host takes: every probe would fail."""
    for published in context.published:
        check = published.setting.health_check
        if check is None or not published.routes or asked_route(published, check.path) is not None:
            continue
        yield Finding(
            message=f"no route of `{published.host}` takes a GET of `{check.path}`, so every probe of `{check.host}` "
            "fails",
            span=check.span("path"),
            help="Name a path that a route without `headers` takes, and that answers quickly.",
            notes=notes((published.setting.span("routes"), "the routes")),
            object=published.object,
        )


def canary_on_port_of_proxy(context: Context) -> Iterator[Finding]:
    """Find a canary whose container listens where the sidecar does (istio.io: Ports used by Istio)."""
    canary = context.relations.fleet.spec.canary
    if canary is not None and canary.port in PORTS_OF_PROXY:
        yield Finding(
            message=f"the canary cannot listen on port {canary.port}: the sidecar of its pods does",
            span=canary.span("port"),
            help="Leave `port` out (8080), or choose the one on which the image listens.",
            object="canary",
        )


def canary_among_others(context: Context) -> Iterator[Finding]:
    """Find a canary in a namespace that is not its own: what holds there would decide whether a cluster is well.

    In namespaces of Kubernetes no pod gets a sidecar (pkg/kube/inject of Istio).
    """
    canary = context.relations.fleet.spec.canary
    others = [] if canary is None else list(having_namespace(context.relations, canary.namespace))
    if canary is None or not others:
        return
    yield Finding(
        message=f"the canary's namespace `{canary.namespace}` is that of {others[0][0]}",
        span=canary.span("namespace"),
        help="Leave `namespace` out (`meshgen-canary`), or take one that nothing else has and no workspace names.",
        notes=notes(*((place, f"of {other}") for other, place in others)),
        object="canary",
    )


def one_name_for_two(context: Context) -> Iterator[Finding]:
    """Find names that two clusters' health checks get: they are made of the check's and the cluster's name.

    What the fleet says itself twice is MG800, and what it says and makes MG878.
    """
    seen: dict[str, Probe] = {}
    for probe in context.probes:
        first = probe if probe.cluster is None else seen.setdefault(probe.host, probe)
        if first is probe or first.setting.host == probe.setting.host:
            continue
        yield Finding(
            message=f"`{probe.host}` is the name of two health checks: of cluster `{first.cluster}` by "
            f"`{first.setting.host}`, and of cluster `{probe.cluster}` by `{probe.setting.host}`",
            span=probe.setting.span("host"),
            help="Give one of the health checks another host.",
            notes=notes((first.setting.span("host"), "the other one")),
            object=probe.object,
        )


def certificate_has_to_cover(context: Context) -> Iterator[Finding]:
    """Say which names a certificate of others has to cover: probers that cannot send a host ask under the probe's.

    Certificates that cert-manager makes for the fleet cover them.
    """
    wanted: dict[str, list[str]] = {}
    hosts = {published.object: published for published in context.published}
    for probe in context.probes:
        if probe.tls is not None and probe.tls.cert_manager is None:
            wanted.setdefault(probe.object, []).append(probe.host)
    for name, covered in wanted.items():
        tls = hosts[name].setting.tls
        if tls is not None:
            yield Finding(
                message=f"certificate `{tls.credential_name}` has to cover the health check, too: {listed(covered)}",
                span=tls.span("credentialName"),
                help="Have it issued for these names or for their wildcard, or let cert-manager make it.",
                object=name,
                cause=Cause(
                    "certificates have to cover health checks, too", "fleet/healthChecks", name, ", ".join(covered)
                ),
            )


RULES = (
    Rule("MG870", "error", "an edge without a cluster of its region", "0.1", entry_point_alone),
    Rule("MG871", "error", "a health check that passes while the cluster is dead", "0.1", passes_while_dead),
    Rule("MG872", "error", "a health check that no route takes", "0.1", path_without_route),
    Rule("MG873", "error", "one name for two health checks", "0.1", one_name_for_two),
    Rule("MG876", "error", "a canary on a port of the sidecar", "0.1", canary_on_port_of_proxy),
    Rule("MG829", "error", "a canary in a namespace of others", "0.1", canary_among_others),
    Rule("MG874", "hint", "names that a certificate has to cover", "0.1", certificate_has_to_cover),
)
