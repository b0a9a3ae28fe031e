"""What stays out: what cannot be exposed, what need not be, and copies that cannot take remote endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.exposure import NO_SIDECARS, OWN_GATEWAY, PAST_SIDECARS, UNNAMED_PORT
from meshgen.analysis.hosts import parse_host, service_matches
from meshgen.analysis.protocols import protocol_of
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import service_object
from meshgen.check.places import notes, short
from meshgen.check.rule import Finding, Rule
from meshgen.check.workspaces import hosts_of, unobserved
from meshgen.diagnostics import Cause
from meshgen.diagnostics.near import did_you_mean, near_host
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.check.exposable import Unexposable


def listed_service_cannot_be_exposed(context: Context) -> Iterator[Finding]:
    """Find listed services that cannot be exposed from a cluster, each with the reason.

    A service that `exposedServices` names has to be one that a gateway can pass on.
    """
    for found in unexposable_services(context.relations):
        if found.setting is None:
            continue
        service = found.service
        yield Finding(
            message=f"`{found.setting.host}` cannot be exposed from cluster `{found.cluster}`: "
            f"its Service {found.reason}",
            span=found.setting.span("host"),
            help={
                UNNAMED_PORT: "Name all its ports: entries are matched by the name of the port.",
                OWN_GATEWAY: "Take it off `exposedServices`: the gateway is how others get in.",
            }.get(found.reason, "Take it off `exposedServices`, or expose a ClusterIP Service with TCP ports."),
            notes=notes((service.span("name"), f"the Service in `{found.cluster}`")),
            object=service_object(found.cluster, service),
        )


_REMEDIES = {
    UNNAMED_PORT: "name all their ports",
    NO_SIDECARS: "inject all their pods",
    PAST_SIDECARS: "let sidecars take their ports",
    "is headless": "put a ClusterIP Service beside what is headless",
}


def service_skipped(context: Context) -> Iterator[Finding]:
    """Find Services that a workspace which exposes everything leaves out, but not gateways' own; one finding each.

    Where a workspace exposes everything, what cannot be exposed is left out (design §3, ADR 30).
    """
    skipped: dict[str, list[Unexposable]] = {}
    for found in _skipped(context):
        skipped.setdefault(found.workspace.name, []).append(found)
    for workspace, services in skipped.items():
        ways = [way for reason, way in _REMEDIES.items() if any(found.reason == reason for found in services)]
        advice = f"Where others need them: {', '.join(ways)}. " if ways else ""
        for found in services:
            service = found.service
            yield Finding(
                message=f"Service `{service.name}` of namespace `{service.namespace}` in cluster `{found.cluster}` is "
                f"not exposed: it {found.reason}",
                span=service.span("name"),
                help=f"{advice}Name in `unexposedServices` what shall stay in its cluster.",
                object=service_object(found.cluster, service),
                cause=Cause(
                    f"workspace `{workspace}` exposes everything, but {NAMES} cannot be exposed and stay out",
                    f"workspace/{workspace}",
                    f"`{service.name}`",
                    f"`{service.name}` in `{found.cluster}` {found.reason}",
                ),
            )


def _skipped(context: Context) -> Iterator[Unexposable]:
    for found in unexposable_services(context.relations):
        if found.setting is None and found.reason != OWN_GATEWAY:
            yield found


def copy_stays(context: Context) -> Iterator[Finding]:
    """Find own copies whose callers do not move although the workspace exposes everything; one finding a workspace.

    A copy that cannot be exposed itself is the business of MG341. What is listed and cannot take remote endpoints is an
    error; where everything is exposed it stays local (ADR 30).
    """
    named = {(found.cluster, found.service.namespace, found.service.name) for found in _skipped(context)}
    for call in context.calls:
        if call.stays is None or call.local is None or (call.consumer, *call.service) in named:
            continue
        workspace = call.serving[0].workspace.name
        yield Finding(
            message=f"`{call.host}` does not fail over from cluster `{call.consumer}`: {call.stays}",
            span=call.local.span("name"),
            help="Change what the places say, or accept this: these callers keep what they have without meshgen.",
            object=call.object,
            cause=Cause(
                f"workspace `{workspace}` exposes everything, but callers of {NAMES} stay with their own copy",
                f"workspace/{workspace}",
                f"`{call.service.name}`",
                f"`{call.service.name}` in `{call.consumer}`: {call.stays}",
            ),
        )


def exceptions_beside_list(context: Context) -> Iterator[Finding]:
    """Find `unexposedServices` beside `exposedServices`: of a list nothing needs to be left out.

    Exceptions are from everything (ADR 30).
    """
    for workspace in context.relations.fleet.workspaces:
        if workspace.unexposed_services is not None and workspace.exposed_services is not None:
            yield Finding(
                message=f"workspace `{workspace.name}` lists what it exposes, so `unexposedServices` means nothing",
                span=workspace.key_span("unexposedServices"),
                help="Remove one of the two lists.",
                notes=notes((workspace.key_span("exposedServices"), "the list is here")),
                object=f"workspace/{workspace.name}",
            )


def exception_matches_nothing(context: Context) -> Iterator[Finding]:
    """Find exceptions that no Service of the workspace matches: what was meant is exposed.

    An exception is `<service>.<namespace>.svc.<cluster domain>`, with patterns as those of namespaces, which may match
    nothing yet (ADR 30). Silent while an inventory is missing.
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        if workspace.exposed_services is not None:
            continue
        for place, text in enumerate(workspace.unexposed_services or ()):
            pattern = parse_host(text, domain)
            valid = pattern is not None and "*" not in pattern.name[:-1] + pattern.namespace[:-1]
            if pattern is not None and valid:
                hosts = hosts_of(relations, workspace)
                known = [name for host in hosts if (name := parse_host(host, domain)) is not None]
                matched = any(service_matches(pattern, name) for name in known)
                if matched or "*" in text or unobserved(relations, workspace):
                    continue
                message = f"no Service of workspace `{workspace.name}` is `{text}`"
                advice = did_you_mean(near_host(text, hosts)) or "Correct or remove it; what it meant is exposed."
            else:
                message = f"`{text}` names no services"
                advice = f"Write `<service>.<namespace>.svc.{domain}`; `*` stands alone or at the end of the first two."
            yield Finding(
                message=message,
                span=workspace.span("unexposedServices", place),
                help=advice,
                object=f"workspace/{workspace.name}",
            )


def ports_that_stay(context: Context) -> Iterator[Finding]:
    """Find exposed services with ports that are no TCP, or that Istio takes for UDP by their names; one finding.

    Gateways have a chain for each TCP port of a service (Istio: pilot/pkg/networking/core/gateway.go).
    """
    for exposure in context.relations.exposures:
        others = [port for port in exposure.service.ports if port.protocol != "TCP" or protocol_of(port) == "UDP"]
        if others:
            sorts = ("UDP" if protocol_of(port) == "UDP" else port.protocol for port in others)
            numbers = ", ".join(f"{sort} {port.port}" for sort, port in zip(sorts, others, strict=True))
            yield Finding(
                message=f"`{exposure.host}` is exposed from cluster `{exposure.cluster}` without {numbers}: only TCP "
                "passes a gateway",
                span=others[0].span("port"),
                help="Call these ports inside their cluster only.",
                object=service_object(exposure.cluster, exposure.service),
                cause=Cause(
                    f"only TCP passes a gateway: other ports of {NAMES} are reached inside their clusters only",
                    f"fleet/{context.relations.fleet.name}",
                    short(exposure.name),
                    f"{short(exposure.name)} in `{exposure.cluster}`: {numbers}",
                ),
            )


RULES = (
    Rule("MG340", "error", "a listed service cannot be exposed", "0.1", listed_service_cannot_be_exposed),
    Rule("MG341", "warning", "a Service is left out of what is exposed", "0.1", service_skipped),
    Rule("MG460", "warning", "callers stay with their own copy", "0.1", copy_stays),
    Rule("MG461", "error", "exceptions beside a list", "0.1", exceptions_beside_list),
    Rule("MG462", "error", "an exception that no Service matches", "0.1", exception_matches_nothing),
    Rule("MG463", "warning", "ports that pass no gateway", "0.1", ports_that_stay),
)
