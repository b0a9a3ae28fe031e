"""What is exposed, whether it can be, and who is left to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host, selects, service_matches
from meshgen.analysis.protocols import protocol_of
from meshgen.analysis.relations import NO_SIDECARS, OWN_GATEWAY, UNNAMED_PORT, seen_from
from meshgen.analysis.routes import routes
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import listed, notes, short
from meshgen.check.rule import Finding, Rule
from meshgen.check.workspaces import copies, hosts_of, may_span, unobserved, valid_pattern
from meshgen.diagnostics import Cause
from meshgen.diagnostics.near import did_you_mean, near_host
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.check.context import Context
    from meshgen.check.exposable import Unexposable
    from meshgen.diagnostics import Span
    from meshgen.language.base import ClusterSelector
    from meshgen.language.workspace import ExposedService, Workspace


def not_a_full_name(context: Context) -> Iterator[Finding]:
    """Find exposed hosts that are not `<service>.<namespace>.svc.<cluster domain>`.

    A gateway has one chain for each service, by its full name (Istio: pilot/pkg/networking/core/gateway.go), so short
    names, names of pods and other domains lead nowhere.

    An exposed host is the full name of a Service in every cluster (design §2, §3).
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        for setting in workspace.exposed_services or ():
            if parse_host(setting.host, domain) is None:
                yield Finding(
                    message=f"`{setting.host}` is not the full name of a service",
                    span=setting.span("host"),
                    help=_advice(relations, workspace, setting.host),
                    object=setting.host,
                )


def _advice(relations: Relations, workspace: Workspace, host: str) -> str:
    domain = relations.fleet.spec.cluster_domain
    labels = host.split(".")
    known = hosts_of(relations, workspace)
    meant = [other for other in known if host == other.split(".", 1)[0]]
    if len(labels) > 1:
        meant = [f"{labels[0]}.{labels[1]}.svc.{domain}"]
    if "svc" in labels[3:]:
        place = labels.index("svc", 3)
        meant = [f"{labels[place - 2]}.{labels[place - 1]}.svc.{domain}"]
    meant = [other for other in meant if may_span(relations, workspace, other.split(".")[1])]
    if len(meant) == 1:
        return f"Write the full name: `{meant[0]}`."
    return did_you_mean(meant[:3]) or f"Write the full name: `<service>.<namespace>.svc.{domain}`."


def host_outside_workspace(context: Context) -> Iterator[Finding]:
    """Find exposed hosts whose namespace no pattern of the workspace can match in any cluster.

    A workspace exposes services of its own namespaces (design §3). Silent where a pattern is none, which is MG206.
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        if not all(valid_pattern(pattern) for pattern in workspace.namespace_selector.names):
            continue
        for setting in workspace.exposed_services or ():
            name = parse_host(setting.host, domain)
            if name is not None and not may_span(relations, workspace, name.namespace):
                patterns = workspace.namespace_selector.span("names")
                yield Finding(
                    message=f"workspace `{workspace.name}` exposes `{setting.host}`, but does not span namespace "
                    f"`{name.namespace}`",
                    span=setting.span("host"),
                    help=f"Add `*/{name.namespace}` to the workspace's namespaces, or expose the service in the "
                    "workspace that has them.",
                    notes=notes((patterns, f"`{workspace.name}` spans these namespaces")),
                    object=setting.host,
                )


def exposed_service_unknown(context: Context) -> Iterator[Finding]:
    """Find exposed hosts that no cluster has: a misspelled name, or an inventory that is behind.

    An exposed service is in the inventory of at least one cluster (design §3). Silent while an inventory is missing.
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        if unobserved(relations, workspace):
            continue
        known: list[str] = []
        for setting in workspace.exposed_services or ():
            name = parse_host(setting.host, domain)
            if name is None or not may_span(relations, workspace, name.namespace) or copies(relations, workspace, name):
                continue
            known = known or hosts_of(relations, workspace)
            similar = did_you_mean(near_host(setting.host, known))
            yield Finding(
                message=f"no cluster of workspace `{workspace.name}` has the exposed service `{setting.host}`",
                span=setting.span("host"),
                help=similar
                or "Correct the name, or bring the inventories up to date with `meshgen inventory import`.",
                object=setting.host,
            )


def host_exposed_twice(context: Context) -> Iterator[Finding]:
    """Find hosts that stand twice in one list: the settings of the second would be lost.

    A workspace lists an exposed service once (design §2).
    """
    for workspace in context.relations.fleet.workspaces:
        seen: dict[str, ExposedService] = {}
        for setting in workspace.exposed_services or ():
            first = seen.setdefault(setting.host, setting)
            if first is not setting:
                yield Finding(
                    message=f"workspace `{workspace.name}` exposes `{setting.host}` twice",
                    span=setting.span("host"),
                    help="Keep one of the two.",
                    notes=notes((first.span("host"), "the first one is here")),
                    object=setting.host,
                )


def host_of_two_workspaces(context: Context) -> Iterator[Finding]:
    """Find hosts that one workspace exposes from one cluster, and another one from another cluster.

    A consumer would need two ServiceEntries for the host, of which Istio takes the older one and ignores the endpoints
    of the other (pilot/pkg/model/sidecar.go). One finding for each pair of workspaces and namespace.

    A host has one workspace, in whatever cluster (design §3).
    """
    shared: dict[tuple[str, str, str], list[tuple[Exposure, Exposure]]] = {}
    for exposures in context.relations.by_host.values():
        first = exposures[0]
        other = next((exposure for exposure in exposures if exposure.workspace.name != first.workspace.name), None)
        if other is not None:
            key = (first.workspace.name, other.workspace.name, first.name.namespace)
            shared.setdefault(key, []).append((first, other))
    for pairs in shared.values():
        first, other = pairs[0]
        verb = "is" if len(pairs) == 1 else "are"
        yield Finding(
            message=f"{listed(each.host for each, _ in pairs)} {verb} exposed by two workspaces, "
            f"`{first.workspace.name}` from cluster `{first.cluster}` and `{other.workspace.name}` from cluster "
            f"`{other.cluster}`",
            span=_exposed_at(other),
            help="Let one workspace span the namespace in all clusters: clients cannot tell the two apart.",
            notes=notes(
                *dict.fromkeys((_exposed_at(each), f"`{each.workspace.name}` exposes it here") for each, _ in pairs)
            ),
            object=first.host if len(pairs) == 1 else f"workspace/{other.workspace.name}",
        )


def _exposed_at(exposure: Exposure) -> Span | None:
    if exposure.setting is not None:
        return exposure.setting.span("host")
    return exposure.workspace.namespace_selector.span("names")


def exposed_never_consumed(context: Context) -> Iterator[Finding]:
    """Find exposed services without a consumer in fleets of several clusters; one finding a selector.

    A selector that chooses no cluster by mistake is the business of the rules on selectors.

    A service that no other cluster may call needs not be exposed (design §3).
    """
    relations = context.relations
    if len(relations.fleet.clusters) < 2:  # noqa: PLR2004 - alone there is nobody to call
        return
    consumed = {exposure.host for route in routes(relations) for exposure in route.exposures}
    lost: dict[int, list[Exposure]] = {}
    for host, exposures in relations.by_host.items():
        active = [exposure for exposure in exposures if exposure.active]
        if active and host not in consumed:
            selector = _consumers(active[0])
            if selector is None or selector.names == [] or any(selects(selector, c) for c in relations.fleet.clusters):
                lost.setdefault(id(selector or active[0].workspace), []).append(active[0])
    for exposures in lost.values():
        first = exposures[0]
        yield Finding(
            message=f"{listed(exposure.host for exposure in exposures)} of workspace `{first.workspace.name}` "
            f"{'is' if len(exposures) == 1 else 'are'} exposed, but no other cluster may call "
            f"{'it' if len(exposures) == 1 else 'them'}",
            span=_consumers_at(first),
            help="Widen `consumers`, or do not expose what nobody calls.",
            notes=notes((first.gateway.span("name"), "exposed through this gateway")),
            object=first.host if len(exposures) == 1 else f"workspace/{first.workspace.name}",
        )


def _consumers(exposure: Exposure) -> ClusterSelector | None:
    if exposure.setting is not None and exposure.setting.consumers is not None:
        return exposure.setting.consumers
    return exposure.workspace.consumers


def _consumers_at(exposure: Exposure) -> Span | None:
    selector = _consumers(exposure)
    return exposure.workspace.span("name") if selector is None else selector.span()


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


def namesake(context: Context) -> Iterator[Finding]:
    """Find Services in consumers whose namespace the exposing workspace does not span.

    A Service that has the name of an exposed one but is not in its workspace keeps the name (design §3).
    """
    for call in context.calls:
        local = call.local
        if call.standing != "namesake" or local is None or not call.serving:
            continue
        if _of_two_workspaces(context.relations, call.host):
            continue
        source = call.serving[0]
        yield Finding(
            message=f"cluster `{call.consumer}` has a Service of its own named `{call.host}`, outside of workspace "
            f"`{source.workspace.name}`: it gets no remote endpoints",
            span=local.span("name"),
            help=f"Let workspace `{source.workspace.name}` span `{call.consumer}/{call.service.namespace}`, or leave "
            f"the cluster out of its `consumers`.",
            notes=notes((exposure_at(source), f"exposed from `{source.cluster}`")),
            object=call.object,
        )


def _of_two_workspaces(relations: Relations, host: str) -> bool:
    """Whether MG220 has already said that several workspaces expose the host."""
    return len({exposure.workspace.name for exposure in relations.by_host[host]}) > 1


def hidden_from_gateway(context: Context) -> Iterator[Finding]:
    """Find exposed Services that the namespace of their gateway does not see.

    A gateway passes on only Services that it sees: `networking.istio.io/exportTo`, or the mesh's default where it is
    absent, can hide them.

    Source: pilot/pkg/model/sidecar.go; serviceExportTo, push_context.go.
    """
    facts = context.relations.facts
    for exposure in context.relations.exposures:
        namespace = exposure.gateway.namespace
        if seen_from(exposure.service, namespace, facts[exposure.cluster].service_export):
            continue
        yield Finding(
            message=f"`{exposure.host}` is hidden from its gateway in cluster `{exposure.cluster}`: "
            f"the Service is not exported to namespace `{namespace}`",
            span=exposure.service.span("exportTo"),
            help=f"Add `{namespace}` to its annotation `networking.istio.io/exportTo`."
            if exposure.service.export_to
            else f"Annotate it with `networking.istio.io/exportTo: {namespace}` besides the namespaces of its callers: "
            "the mesh exports Services to their own by default.",
            notes=notes((exposure_at(exposure), "exposed here")),
            object=service_object(exposure.cluster, exposure.service),
        )


def no_source_left(context: Context) -> Iterator[Finding]:
    """Find hosts that no cluster serves any more while consumers without a copy may call them.

    Draining the last source of a host leaves its consumers without endpoints (design §3, draining).
    """
    relations = context.relations
    for host, exposures in relations.by_host.items():
        if any(exposure.serves for exposure in exposures) or all(exposure.active for exposure in exposures):
            continue
        of_host = (context.calls.of(consumer)[host] for consumer in context.calls.consumers)
        without = [call.consumer for call in of_host if call.standing == "none" and call.may_call]
        if not without:
            continue
        draining = next(exposure for exposure in exposures if not exposure.active)
        yield Finding(
            message=f"no cluster serves `{host}` any more: {listed(without)} "
            f"{'has' if len(without) == 1 else 'have'} no endpoint left",
            span=_drained_at(draining),
            help="Keep one source active until no one calls the host, or accept this.",
            object=host,
        )


def _drained_at(exposure: Exposure) -> Span | None:
    """Where its draining was written."""
    if exposure.drain is not None:
        return exposure.drain.span
    if exposure.service.state != "active":
        return exposure.service.span("state")
    return exposure_at(exposure)


RULES = (
    Rule("MG216", "error", "not the full name of a service", "0.1", not_a_full_name),
    Rule("MG217", "error", "an exposed host outside of the workspace", "0.1", host_outside_workspace),
    Rule("MG218", "error", "an exposed service that no cluster has", "0.1", exposed_service_unknown),
    Rule("MG219", "error", "a host exposed twice", "0.1", host_exposed_twice),
    Rule("MG220", "error", "a host of two workspaces", "0.1", host_of_two_workspaces),
    Rule("MG336", "warning", "exposed, but never consumed", "0.1", exposed_never_consumed),
    Rule("MG340", "error", "a listed service cannot be exposed", "0.1", listed_service_cannot_be_exposed),
    Rule("MG341", "warning", "a Service is left out of what is exposed", "0.1", service_skipped),
    Rule("MG343", "warning", "a namesake outside of the workspace", "0.1", namesake),
    Rule("MG354", "error", "a Service hidden from its gateway", "0.1", hidden_from_gateway),
    Rule("MG460", "warning", "callers stay with their own copy", "0.1", copy_stays),
    Rule("MG461", "error", "exceptions beside a list", "0.1", exceptions_beside_list),
    Rule("MG462", "error", "an exception that no Service matches", "0.1", exception_matches_nothing),
    Rule("MG463", "warning", "ports that pass no gateway", "0.1", ports_that_stay),
    Rule("MG384", "warning", "no source is left", "0.1", no_source_left),
)
