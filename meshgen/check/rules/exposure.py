"""What is exposed, by which workspace, and who is left to use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.exposure import seen_from
from meshgen.analysis.hosts import parse_host, selects
from meshgen.analysis.routes import routes
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.check.workspaces import copies, hosts_of, may_span, outside, unobserved, valid_pattern
from meshgen.diagnostics import Cause
from meshgen.diagnostics.near import did_you_mean, near, near_host
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
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

    A workspace exposes services of its own namespaces (design §3). Silent where a pattern is none, which is MG206, or
    names a cluster that is none, which is MG204.
    """
    relations = context.relations
    domain = relations.fleet.spec.cluster_domain
    for workspace in relations.fleet.workspaces:
        if not all(valid_pattern(pattern) for pattern in workspace.namespace_selector.names):
            continue
        for setting in workspace.exposed_services or ():
            name = parse_host(setting.host, domain)
            if name is not None and outside(relations, workspace, name.namespace):
                patterns = workspace.namespace_selector.span("names")
                yield Finding(
                    message=f"workspace `{workspace.name}` exposes `{setting.host}`, but does not span namespace "
                    f"`{name.namespace}`",
                    span=setting.span("host"),
                    help=_nearer(relations, workspace, name)
                    or f"Add `*/{name.namespace}` to the namespaces of the workspace, or expose it in the workspace "
                    "that has them.",
                    notes=notes((patterns, f"`{workspace.name}` spans these namespaces")),
                    object=setting.host,
                    cause=Cause(
                        f"workspace `{workspace.name}` exposes {NAMES}, but does not span namespace `{name.namespace}`",
                        f"workspace/{workspace.name}",
                        f"`{setting.host}`",
                        "exposed here",
                    ),
                )


def _nearer(relations: Relations, workspace: Workspace, name: ServiceName) -> str:
    """The help where a pattern, or the namespace of a host, is misspelled; empty where neither is."""
    observed = {space for spaces in relations.namespaces.values() for space in spaces}
    patterns = workspace.namespace_selector.names
    if name.namespace in observed:
        meant = [text for text in patterns if near(text.partition("/")[2], [name.namespace])]
        if len(meant) == 1 and meant[0].partition("/")[2] not in observed:
            return f"Write `{meant[0].partition('/')[0]}/{name.namespace}` for `{meant[0]}`."
        return ""
    spanned = {space for spaces in relations.spanned[workspace.name].values() for space in spaces}
    similar = near(name.namespace, spanned)
    return f"Write `{similar[0]}` for `{name.namespace}`." if len(similar) == 1 else ""


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
                or "Correct the name; or create the Service, and import the inventory of its cluster again.",
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
            help=f"Write `{namespace}` and the namespaces of its callers into its annotation "
            "`networking.istio.io/exportTo` in the place of `~`, or remove it."
            if "~" in (exposure.service.export_to or ())
            else f"Add `{namespace}` to its annotation `networking.istio.io/exportTo`."
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
    Rule("MG343", "warning", "a namesake outside of the workspace", "0.1", namesake),
    Rule("MG354", "error", "a Service hidden from its gateway", "0.1", hidden_from_gateway),
    Rule("MG384", "warning", "no source is left", "0.1", no_source_left),
)
