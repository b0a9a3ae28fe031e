"""Gateways, what they expose, and the namespaces that a cluster needs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis import names
from meshgen.analysis.gateways import NO_NETWORK_VIEW, gateway_pods
from meshgen.analysis.hosts import parse_host
from meshgen.calls.aliases import alias_clusters
from meshgen.plan.model import (
    GatewayAddress,
    GatewayPort,
    Origin,
    PlannedAutoscaling,
    PlannedExposure,
    PlannedGateway,
    WorkspaceExposure,
)
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.exposure import Exposure
    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.gateway import Autoscaling, GatewaySettings, Resources
    from meshgen.language.workspace import Workspace

POD_SECURITY = "pod-security.kubernetes.io/enforce"
"""Label of a namespace: the Pod Security Standard that its pods have to keep."""


def planned_gateways(relations: Relations, cluster: str) -> Iterator[PlannedGateway]:
    """The gateways of one cluster, of every role."""
    facts = relations.facts[cluster]
    for namespace, name in relations.gateway_places[cluster]:
        settings = relations.gateways[(namespace, name)]
        setup = relations.gateway_setups[cluster][namespace, name]
        yield PlannedGateway(
            namespace=namespace,
            name=name,
            role=settings.role,
            ports=tuple(GatewayPort(_PORT_NAMES[name], port, _listener(port)) for name, port in setup.ports.items()),
            replicas=setup.replicas,
            autoscaling=_autoscaling(setup.autoscaling),
            resources=_resources(setup.resources),
            service_annotations=setup.service_annotations,
            load_balancer_class=setup.load_balancer_class,
            load_balancer_source_ranges=setup.load_balancer_source_ranges,
            restricted=_restricted(relations, cluster, namespace),
            managed=settings.managed,
            pod_labels=gateway_pods(settings),
            network=facts.network,
            network_view=None if facts.network is None or not setup.local else facts.network or NO_NETWORK_VIEW,
            trusted_proxies=setup.trusted_proxies,
            revision=facts.revision,
            origin=_gateway_origin(relations, settings),
        )


_PORT_NAMES = {"http": "http", "https": "https", "mesh": "tls"}
"""As `istioctl validate` wants them: a protocol first."""
_PRIVILEGED = 1024
_SHIFT = 8000


def _listener(port: int) -> int:
    """The port of the container behind one of the Service, which Istio resolves (model/gateway.go, resolvePorts).

    Pods that are not root may not listen below 1024 on every runtime: 443 becomes 8443, as in Istio's own gateways.
    """
    return port if port >= _PRIVILEGED else port + _SHIFT


def _autoscaling(settings: Autoscaling | None) -> PlannedAutoscaling | None:
    if settings is None:
        return None
    return PlannedAutoscaling(settings.min_replicas, settings.max_replicas, settings.target_cpu_utilization_percentage)


def _resources(settings: Resources | None) -> dict[str, dict[str, str]] | None:
    if settings is None:
        return None
    found = {"requests": settings.requests, "limits": settings.limits}
    return {name: dict(sorted(values.items())) for name, values in found.items() if values}


def _restricted(relations: Relations, cluster: str, namespace: str) -> bool:
    inventory = relations.inventory(cluster)
    return any(
        item.name == namespace and item.labels.get(POD_SECURITY) == "restricted"
        for item in (inventory.namespaces if inventory else [])
    )


def _gateway_origin(relations: Relations, settings: GatewaySettings) -> Origin:
    declared = any(
        (gateway.namespace, gateway.name) == (settings.namespace, settings.name) for gateway in relations.fleet.gateways
    )
    if declared:
        return Origin(f"gateway/{settings.name}", spans(settings.span()))
    owner = next(w for w in relations.fleet.workspaces if w.east_west_gateway is settings)
    return Origin(f"workspace/{owner.name}", spans(settings.span()))


def exposures(relations: Relations, cluster: str) -> Iterator[PlannedExposure]:
    """The hosts that each gateway of one cluster lets in, their aliases among them, sorted by gateway and host."""
    for key in relations.east_west_places[cluster]:
        by_host = {
            host: exposure
            for exposure in relations.by_gateway.get((cluster, key), [])
            for host in _let_in(relations, exposure)
        }
        for host, exposure in sorted(by_host.items()):
            settings, workspace = exposure.gateway, exposure.workspace
            declared = exposure.setting.span() if exposure.setting else workspace.span()
            yield PlannedExposure(
                namespace=settings.namespace,
                gateway=settings.name,
                host=host,
                port=exposure.reach.service_port,
                pod_labels=gateway_pods(settings),
                origin=Origin(
                    workspace_origin(workspace).name, spans(declared, settings.span(), exposure.service.span())
                ),
            )


def _let_in(relations: Relations, exposure: Exposure) -> Iterator[str]:
    yield exposure.host
    for cluster in alias_clusters(relations, exposure.host):
        yield names.alias(exposure.name, cluster)


def workspace_exposures(relations: Relations, cluster: str) -> Iterator[WorkspaceExposure]:
    """What each workspace exposes through its gateway in one cluster, as declared."""
    for workspaces in relations.east_west_places[cluster].values():
        for workspace in workspaces:
            exposure = workspace_exposure(relations, workspace)
            if exposure is not None:
                yield exposure


def workspace_exposure(relations: Relations, workspace: Workspace) -> WorkspaceExposure | None:
    """What a workspace exposes through its gateway, as declared; None without a gateway."""
    gateway = relations.gateway_of(workspace)
    if gateway is None:
        return None
    return WorkspaceExposure(
        workspace=workspace.name,
        gateway_namespace=gateway.namespace,
        gateway=gateway.name,
        selector=gateway.selector,
        hosts=declared_hosts(relations, workspace),
        origin=workspace_origin(workspace),
    )


def exposed(relations: Relations) -> Iterator[tuple[GatewayAddress, frozenset[str]]]:
    """Every east-west gateway, and the hosts that its configuration lets in."""
    declares = platform(relations.fleet.spec.platform).lists_exposure == "declared"
    for cluster, gateways in relations.east_west_places.items():
        for key, workspaces in gateways.items():
            if declares:
                hosts = {host for w in workspaces for host in _declared_patterns(relations, cluster, w)}
            else:
                exposures_here = relations.by_gateway.get((cluster, key), [])
                hosts = {host for exposure in exposures_here for host in _let_in(relations, exposure)}
            yield GatewayAddress(cluster, *key), frozenset(hosts)


def _declared_patterns(relations: Relations, cluster: str, workspace: Workspace) -> Iterator[str]:
    hosts = declared_hosts(relations, workspace)
    if hosts is not None:
        yield from hosts
        return
    for namespace in relations.spanned[workspace.name].get(cluster, []):
        yield f"*.{namespace}.svc.{relations.fleet.spec.cluster_domain}"


def declared_hosts(relations: Relations, workspace: Workspace) -> tuple[str, ...] | None:
    """The hosts that a workspace lists, sorted, or all but its exceptions; None where it exposes everything."""
    if workspace.exposed_services is None:
        if not workspace.unexposed_services:
            return None
        exposed = (each.host for each in relations.exposures if each.workspace.name == workspace.name)
        return tuple(sorted(set(exposed)))
    domain = relations.fleet.spec.cluster_domain
    return tuple(sorted({item.host for item in workspace.exposed_services if parse_host(item.host, domain)}))


def workspace_origin(workspace: Workspace) -> Origin:
    return Origin(f"workspace/{workspace.name}", spans(workspace.span()))


def spans(*places: Span | None) -> tuple[Span, ...]:
    """The places that are known, each once, in order."""
    return tuple(dict.fromkeys(place for place in places if place is not None))
