"""What platforms demand, and what they ignore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.service_labels import select
from meshgen.check.origins import service_object
from meshgen.check.places import declared_gateways, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.platforms import platform, platform_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.language.gateway import GatewayOverride, GatewaySettings


def unknown_management_cluster(context: Context) -> Iterator[Finding]:
    """Find a `managementCluster` that no cluster is named.

    The management cluster is one of the fleet (design §4).
    """
    relations = context.relations
    tetrate = relations.fleet.spec.tetrate
    clusters = {cluster.name for cluster in relations.fleet.clusters}
    if tetrate is None or tetrate.management_cluster is None or tetrate.management_cluster in clusters:
        return
    yield Finding(
        message=f"the fleet has no cluster `{tetrate.management_cluster}` to be the management cluster",
        span=tetrate.span("managementCluster"),
        help=did_you_mean(near(tetrate.management_cluster, clusters)) or "Name a cluster of the fleet.",
        object=f"cluster/{tetrate.management_cluster}",
    )


def no_management_cluster(context: Context) -> Iterator[Finding]:
    """Find a fleet whose Workspaces would go nowhere.

    Any cluster with GitOps enabled takes them, but the same object from two clusters would fight, so exactly one is
    declared.

    Tetrate's hierarchy stands in one cluster only, which has to be named on some platforms (design §4).
    """
    relations = context.relations
    spec = relations.fleet.spec
    declared = spec.tetrate.management_cluster if spec.tetrate else None
    if platform(spec.platform).management != "declared" or declared is not None:
        return
    yield Finding(
        message=f"platform `{spec.platform}` needs a management cluster, and none is declared",
        span=spec.tetrate.span() if spec.tetrate else spec.span("platform"),
        help="Set `tetrate.managementCluster` to the cluster that gets Workspaces and WorkspaceSettings.",
        object=f"fleet/{relations.fleet.name}",
    )


def no_control_plane_for_entries(context: Context) -> Iterator[Finding]:
    """Find `entries: controlPlane` on a platform whose control plane writes none: no cluster would reach another.

    Only a control plane that knows of other clusters can write entries (design §4).
    """
    relations = context.relations
    spec = relations.fleet.spec
    if spec.entries == "controlPlane" and not platform(spec.platform).control_plane_entries:
        yield Finding(
            message=f"no control plane of platform `{spec.platform}` writes entries",
            span=spec.span("entries"),
            help="Set `entries: meshgen`, or remove the line.",
            object=f"fleet/{relations.fleet.name}",
        )


def form_of_tse(context: Context) -> Iterator[Finding]:
    """Say once which platform a live management plane takes.

    The objects of platform `tse` have the form of its first documentation; the live API has another (design §4).
    """
    relations = context.relations
    if relations.fleet.spec.platform == "tse":
        yield Finding(
            message="platform `tse` emits WorkspaceSetting and IngressGateway in the form of TSE's first documentation",
            span=relations.fleet.spec.span("platform"),
            help="A live TSE takes platform `tsb` with organization and tenant `tse`.",
            object=f"fleet/{relations.fleet.name}",
        )


def unused_tetrate(context: Context) -> Iterator[Finding]:
    """Find fields for Tetrate on a platform without a management plane.

    Organization, tenant and management cluster are Tetrate's (design §4).
    """
    relations = context.relations
    spec = relations.fleet.spec
    if spec.tetrate is not None and platform(spec.platform).management == "none":
        yield Finding(
            message=f"`tetrate` has no effect on platform `{spec.platform}`",
            span=spec.key_span("tetrate"),
            help=f"Remove it, or choose a platform that has these: {listed(_managed())}.",
            object=f"fleet/{relations.fleet.name}",
        )


def _managed() -> list[str]:
    return [name for name in platform_names() if platform(name).management != "none"]


_LONGEST = 63 - len("xcpgw-")


def gateway_name_too_long(context: Context) -> Iterator[Finding]:
    """Find names that leave no room for the prefix `xcpgw-` in a label value of 63 characters.

    Istio's operator labels what it makes with the name of the IstioOperator (owning-resource).

    Tetrate's operator makes names and label values of a gateway's name (live dumps: IstioOperator `xcpgw-<name>`).
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).management == "none":
        return
    seen: set[tuple[str, str]] = set()
    for gateway, named in declared_gateways(relations.fleet):
        key = (gateway.namespace, gateway.name)
        if not gateway.managed or len(gateway.name) <= _LONGEST or key in seen:
            continue
        seen.add(key)
        yield Finding(
            message=f"the name of gateway `{gateway.name}` has {len(gateway.name)} characters, more than the "
            f"{_LONGEST} that leave room for the prefix of Tetrate's operator",
            span=gateway.span("name"),
            help=f"Shorten it to {_LONGEST} characters.",
            object=named,
        )


def labels_do_not_tell_apart(context: Context) -> Iterator[Finding]:
    """Find exposed Services whose labels, all together, another Service has as well; on `tsb` only.

    Tetrate knows exposed services by labels, which must not choose others too.
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).exposes_by != "labels":
        return
    for workspace in relations.fleet.workspaces:
        for problem in select(relations, workspace).problems:
            exposed, other = problem.exposed, problem.other
            if other is None:
                why = "it has no labels"
            else:
                why = f"Service `{other.name}` of namespace `{other.namespace}` in cluster `{problem.other_cluster}` "
                why += "has all its labels and is not exposed"
            yield Finding(
                message=f"Service `{exposed.name}` of namespace `{exposed.namespace}` in cluster `{problem.cluster}` "
                f"cannot be exposed by labels: {why}",
                span=exposed.span("labels"),
                help="Give the exposed Service a label of its own, such as `app`, and import the inventory again.",
                notes=notes((other.span("labels"), "the labels of the other")) if other is not None else (),
                object=service_object(problem.cluster, exposed),
            )


def gateway_port_fixed(context: Context) -> Iterator[Finding]:
    """Find gateways with a port that their platform does not open.

    Tetrate's east-west gateways listen on 15443 only (install API: `eastWestOnly`, `type: EASTWEST`).
    """
    relations = context.relations
    running = platform(relations.fleet.spec.platform)
    if running.gateway_port is None:
        return
    for (namespace, name), gateway in relations.gateways.items():
        if gateway.role != "eastWest":
            continue
        levels: tuple[GatewaySettings | GatewayOverride, ...] = (gateway, *gateway.overrides)
        for item in levels:
            if item.port in {None, running.gateway_port}:
                continue
            yield Finding(
                message=f"gateway `{namespace}/{name}` has port {item.port}, "
                f"but gateways of {running.title} take east-west traffic on {running.gateway_port} only",
                span=item.span("port"),
                help="Remove `port`; `advertised` says which one others dial, where that is another.",
                object=f"gateway/{namespace}/{name}",
            )


RULES = (
    Rule("MG207", "error", "an unknown management cluster", "0.1", unknown_management_cluster),
    Rule("MG208", "error", "no management cluster", "0.1", no_management_cluster),
    Rule("MG331", "error", "a control plane that writes no entries", "0.1", no_control_plane_for_entries),
    Rule("MG332", "hint", "the form of TSE", "0.1", form_of_tse),
    Rule("MG333", "warning", "fields for Tetrate on another platform", "0.1", unused_tetrate),
    Rule("MG335", "warning", "a gateway name that is too long", "0.1", gateway_name_too_long),
    Rule("MG386", "error", "labels do not tell exposed services apart", "0.1", labels_do_not_tell_apart),
    Rule("MG395", "error", "gateway port fixed by the platform", "0.1", gateway_port_fixed),
)
