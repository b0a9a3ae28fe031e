"""Gateways: how they are declared."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from meshgen.analysis.gateway_places import settings_of
from meshgen.analysis.gateways import gateway_pods
from meshgen.analysis.hosts import covers, host_matches, parse_host, selects
from meshgen.check.places import declared_gateways, gateway_object, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.analysis.gateways import GatewayKey, GatewaySetup
    from meshgen.analysis.relations import Relations
    from meshgen.check.context import Context
    from meshgen.language.foreign import ObservedIstioGateway, ObservedServer
    from meshgen.language.gateway import GatewaySettings
    from meshgen.language.workspace import Workspace
    from meshgen.plan.model import PlannedExposure


def gateway_of_another_role(context: Context) -> Iterator[Finding]:
    """Find workspaces whose `eastWestGateway` is an edge or ingress gateway.

    Workspaces expose their services through east-west gateways (design §1).
    """
    relations = context.relations
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        if workspace.east_west_gateway is None or gateway is None or gateway.role == "eastWest":
            continue
        other = notes((gateway.span("role"), "its role is here")) if gateway is not workspace.east_west_gateway else ()
        yield Finding(
            message=f"gateway `{gateway.name}` of workspace `{workspace.name}` has role `{gateway.role}`, "
            "so other clusters cannot come through it",
            span=workspace.east_west_gateway.span("role" if not other else "name"),
            help="Name a gateway with role `eastWest`.",
            notes=other,
            object=f"workspace/{workspace.name}",
        )


def unused_gateway(context: Context) -> Iterator[Finding]:
    """Find east-west gateways that no workspace names, and ingress gateways in no cluster: nothing is emitted for them.

    A declared gateway is emitted where a workspace uses it, one for users where its `clusters` say so (design §3).
    """
    relations = context.relations
    used = {
        (inline.namespace, inline.name)
        for workspace in relations.fleet.workspaces
        if (inline := workspace.east_west_gateway) is not None
    }
    names: dict[str, list[str]] = {}
    for namespace, name in sorted(used):
        names.setdefault(name, []).append(namespace)
    for gateway in relations.fleet.gateways:
        key = (gateway.namespace, gateway.name)
        if gateway.role == "ingress" and gateway.clusters is None and key not in relations.published_behind:
            yield Finding(
                message=f"no published host leads through gateway `{gateway.name}` of namespace `{gateway.namespace}`, "
                "so it is in no cluster",
                span=gateway.span("name"),
                help="Choose its clusters with `clusters`, name it in a published host, or delete it.",
                object=f"gateway/{gateway.name}",
            )
        if gateway.role != "eastWest" or key in used:
            continue
        elsewhere = [f"{namespace}/{gateway.name}" for namespace in names.get(gateway.name, ())]
        similar = elsewhere or near(gateway.name, names)
        yield Finding(
            message=f"no workspace uses gateway `{gateway.name}` of namespace `{gateway.namespace}`",
            span=gateway.span("name"),
            help=did_you_mean(similar) or "Name it in a workspace's `eastWestGateway`, or delete it.",
            object=f"gateway/{gateway.name}",
        )


def gateway_declared_twice(context: Context) -> Iterator[Finding]:
    """Find gateways whose settings stand in several places and differ there.

    Workspaces that share a gateway name it; one of them, or a Gateway of its own, has the settings.

    The settings of a gateway stand in one place only (design §2).
    """
    first: dict[GatewayKey, GatewaySettings] = {}
    for gateway, named in declared_gateways(context.relations.fleet):
        if not settings_of(gateway):
            continue
        other = first.setdefault((gateway.namespace, gateway.name), gateway)
        if other is gateway:
            continue
        settings, theirs = _written(gateway), _written(other)
        different = sorted(key for key in settings | theirs if settings.get(key) != theirs.get(key))
        if not different:
            continue
        yield Finding(
            message=f"gateway `{gateway.name}` of namespace `{gateway.namespace}` has other settings elsewhere: "
            f"{', '.join(f'`{key}`' for key in different)}",
            span=gateway.span(next((key for key in different if key in settings), "name")),
            help="Keep its settings in one place, best in a Gateway of its own, and only name it in workspaces.",
            notes=notes((other.span("name"), "its other settings are here")),
            object=named,
        )


def _written(gateway: GatewaySettings) -> dict[str, object]:
    return gateway.model_dump(by_alias=True, exclude_unset=True, exclude={"name", "namespace"})


def selector_of_gateway(context: Context) -> Iterator[Finding]:
    """Find `managed: false` without a selector, and a selector where meshgen chooses the labels itself.

    A gateway that meshgen does not run is found by its pods' labels (design §2).
    """
    for gateway, named in declared_gateways(context.relations.fleet):
        if not gateway.managed and not gateway.selector:
            message = f"gateway `{gateway.name}` is not managed and has no selector"
            span = gateway.span("managed")
            advice = "Set `selector` to labels that its pods have, and no other pods of the cluster."
        elif gateway.managed and gateway.selector is not None:
            message = f"gateway `{gateway.name}` has a selector, but is managed"
            span = gateway.key_span("selector")
            advice = "Remove `selector`, or set `managed: false` if somebody else runs the gateway."
        else:
            continue
        yield Finding(message=message, span=span, help=advice, object=named)


def selector_of_several_gateways(context: Context) -> Iterator[Finding]:
    """Find selectors of foreign gateways that also match another gateway's pods, which then expose both their hosts.

    Tetrate's workload selectors name a namespace, so only gateways of one namespace meet there. Gateways of two roles
    may have the same pods if no port is the same, and both or neither send on to other clusters. One finding for a pair
    of gateways, whatever the number of clusters.

    A Gateway's selector matches pods of all namespaces (Istio: pilot/pkg/features/pilot.go).
    """
    relations = context.relations
    everywhere = platform(relations.fleet.spec.platform).management == "none"
    seen: set[tuple[GatewayKey, GatewayKey]] = set()
    for cluster, gateways in relations.gateway_places.items():
        for first, second in _suspects(relations, list(gateways)):
            pair = [relations.gateways[first], relations.gateways[second]]
            if (first, second) in seen or not (everywhere or first[0] == second[0]) or not _meet(*pair):
                continue
            setups = [relations.gateway_setups[cluster][key] for key in (first, second)]
            if pair[0].role != pair[1].role and not _same_port(*setups) and setups[0].local == setups[1].local:
                continue  # one gateway of others does the work of two
            seen.add((first, second))
            foreign, other = pair if not pair[0].managed else reversed(pair)
            yield Finding(
                message=f"the selector of gateway `{foreign.name}` also matches the pods of gateway `{other.name}` in "
                f"cluster `{cluster}`",
                span=foreign.span("selector"),
                help="Choose labels that only its own pods have: each gateway would get the hosts of both.",
                notes=notes((other.span("name" if other.managed else "selector"), f"`{other.name}` is here")),
                object=gateway_object(cluster, (foreign.namespace, foreign.name)),
            )


def _suspects(relations: Relations, gateways: Sequence[GatewayKey]) -> list[tuple[GatewayKey, GatewayKey]]:
    """The pairs of which one has a selector whose first label the other's pods have, in order."""
    by_label: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(gateways):
        for label in gateway_pods(relations.gateways[key]).items():
            by_label.setdefault(label, []).append(place)
    pairs: set[tuple[int, int]] = set()
    for place, key in enumerate(gateways):
        gateway = relations.gateways[key]
        if not gateway.managed and gateway.selector:
            others = by_label[min(gateway.selector.items(), key=lambda label: len(by_label[label]))]
            pairs |= {(min(place, other), max(place, other)) for other in others if other != place}
    return [(gateways[first], gateways[second]) for first, second in sorted(pairs)]


def _same_port(first: GatewaySetup, second: GatewaySetup) -> bool:
    return bool(set(first.ports.values()) & set(second.ports.values()))


def _meet(first: GatewaySettings, second: GatewaySettings) -> bool:
    if any(not gateway.managed and not gateway.selector for gateway in (first, second)):
        return False  # nobody knows its pods yet
    a, b = gateway_pods(first), gateway_pods(second)
    return (not first.managed and covers(a, b)) or (not second.managed and covers(b, a))


def foreign_gateway(context: Context) -> Iterator[Finding]:
    """Find Gateways of others on the pods and the port of a gateway that exposes: istiod merges them with ours.

    Chains of ours and theirs for one host match alike, and Envoy refuses the listener with all of its hosts; an equal
    host, or a port without TLS, belongs to the older of the two. Names of pods' other labels are not known, so only a
    selector that every one of the gateway's pods surely has is found.

    Source: pilot/pkg/model/gateway.go (MergeGateways, checkDuplicates), pilot/pkg/networking/core/gateway.go.
    """
    relations = context.relations
    if platform(relations.fleet.spec.platform).lists_exposure == "declared":
        return  # the control plane writes its own Gateways
    for cluster in context.calls.consumers:
        inventory = relations.inventory(cluster)
        scoped = inventory is not None and inventory.istio is not None and bool(inventory.istio.gateways_of_namespace)
        for theirs in inventory.istio_gateways if inventory else []:
            exposed = context.planned(cluster).exposures
            for key, ours in groupby(exposed, key=lambda exposure: (exposure.namespace, exposure.gateway)):
                exposures = list(ours)
                if (scoped and theirs.namespace != key[0]) or not covers(theirs.selector, exposures[0].pod_labels):
                    continue
                yield from _met(cluster, theirs, exposures)


def _met(cluster: str, theirs: ObservedIstioGateway, exposures: list[PlannedExposure]) -> Iterator[Finding]:
    for index, server in enumerate(theirs.servers):
        hosts = [exposure.host for exposure in exposures if _lets_in(server, exposure)]
        if not hosts:
            continue
        gateway = exposures[0].gateway
        yield Finding(
            message=f"Gateway `{theirs.name}` of namespace `{theirs.namespace}` is for the pods and port "
            f"{server.port} of gateway `{gateway}` in cluster `{cluster}`, and {_harm(server)} {listed(hosts)}",
            span=theirs.span("servers", index, "hosts" if server.tls_mode else "port"),
            help=f"Delete the server, or give `{theirs.name}` a selector that only its own pods have.",
            notes=notes((exposures[0].origin.spans[0], "exposed here")) if exposures[0].origin.spans else (),
            object=gateway_object(cluster, (exposures[0].namespace, gateway)),
        )


def _lets_in(server: ObservedServer, exposure: PlannedExposure) -> bool:
    if server.port != exposure.port or server.bind:
        return False
    if server.tls_mode is None:
        return True
    if server.tls_mode == "AUTO_PASSTHROUGH":
        return any(host_matches(host.rpartition("/")[2], exposure.host) for host in server.hosts)
    return exposure.host in {host.removeprefix("*/") for host in server.hosts}


def _harm(server: ObservedServer) -> str:
    if server.tls_mode is None:
        return "takes it without TLS, so the older of the two decides about"
    return "lets in" if server.tls_mode == "AUTO_PASSTHROUGH" else "has the name of"


def cluster_without_gateway(context: Context) -> Iterator[Finding]:
    """Find clusters with services to expose that the `clusters` of the workspace's gateway leave out.

    A cluster exposes a workspace's services where the workspace's gateway is (design §3).
    """
    relations = context.relations
    for workspace in relations.fleet.workspaces:
        gateway = relations.gateway_of(workspace)
        if gateway is None or gateway.clusters is None or not _any_chosen(relations, workspace):
            continue
        lost = [
            cluster
            for cluster, namespaces in relations.spanned[workspace.name].items()
            if not selects(gateway.clusters, relations.cluster(cluster))
            and _has_exposable(relations, workspace, cluster, namespaces)
        ]
        if not lost:
            continue
        yield Finding(
            message=f"gateway `{gateway.name}` is not in {listed(lost)}, so services of workspace `{workspace.name}` "
            "there are not exposed",
            span=gateway.span("clusters"),
            help="Widen `clusters` of the gateway, or accept this if only others shall be called.",
            notes=notes((workspace.namespace_selector.span("names"), "the workspace spans these namespaces")),
            object=f"workspace/{workspace.name}",
        )


def _any_chosen(relations: Relations, workspace: Workspace) -> bool:
    """A gateway in no cluster at all is the business of the rules on selectors."""
    gateway = relations.gateway_of(workspace)
    return gateway is not None and any(selects(gateway.clusters, cluster) for cluster in relations.fleet.clusters)


def _has_exposable(relations: Relations, workspace: Workspace, cluster: str, namespaces: list[str]) -> bool:
    domain = relations.fleet.spec.cluster_domain
    wanted = None
    if workspace.exposed_services is not None:
        wanted = {parse_host(setting.host, domain) for setting in workspace.exposed_services}
    return any(
        (wanted is None or name in wanted)
        and service.state == "active"
        and relations.unexposable(cluster, service) is None
        for name, service in relations.services_in(cluster, namespaces)
    )


RULES = (
    Rule("MG215", "error", "an east-west gateway of another role", "0.1", gateway_of_another_role),
    Rule("MG224", "warning", "a gateway that nothing uses", "0.1", unused_gateway),
    Rule("MG306", "error", "a gateway declared twice", "0.1", gateway_declared_twice),
    Rule("MG307", "error", "a selector that does not fit", "0.1", selector_of_gateway),
    Rule("MG310", "error", "a selector of several gateways", "0.1", selector_of_several_gateways),
    Rule("MG392", "error", "a Gateway of others on our pods", "0.1", foreign_gateway),
    Rule("MG330", "warning", "a cluster without the gateway", "0.1", cluster_without_gateway),
)
