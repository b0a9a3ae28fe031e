"""Services, and the addresses of those that are gateways."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from meshgen.inventory.workloads import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.inventory.facts import Item
    from meshgen.inventory.fields import Fields
    from meshgen.inventory.objects import KubernetesObject
    from meshgen.inventory.workloads import Workload

_GATEWAY_PORTS = frozenset({15021, 15443})
"""The status port, which every gateway of Istio's chart or of Tetrate has, and the east-west one."""
_DEPLOYED_CLASSES = frozenset({None, "istio"})
"""Classes of Gateways that istiod runs pods for and that take traffic from outside."""


TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution"
_DISTRIBUTIONS = {
    "preferclose": "PreferSameZone",
    "prefersamezone": "PreferSameZone",
    "prefersamenode": "PreferSameNode",
}


def service_item(service: KubernetesObject, workloads: Sequence[Workload], of_namespace: Fields | None = None) -> Item:
    """The Service as the inventory has it: defaults left out, so that a manifest and a live object read alike.

    `workloads` are those of its namespace, `of_namespace` is its Namespace, where that is known.
    """
    fields = service.fields
    spec = fields.at("spec")
    selector = spec.labels("selector")
    kind = spec.text("type")
    behind = selected(workloads, selector) if kind != "ExternalName" else []
    exported = fields.at("metadata", "annotations").text("networking.istio.io/exportTo")
    headless = spec.text("clusterIP") == "None"
    return {
        "name": service.name,
        "namespace": service.namespace,
        "labels": fields.at("metadata").labels("labels") or None,
        "selector": selector or None,
        "ports": [_port(port, behind) for port in spec.items("ports")] or None,
        "type": kind if kind != "ClusterIP" else None,
        "clusterIP": "None" if headless else None,
        "internalTrafficPolicy": "Local" if spec.text("internalTrafficPolicy") == "Local" else None,
        "trafficDistribution": _traffic_distribution(fields, of_namespace),
        "exportTo": None if exported is None else [part.strip() for part in exported.split(",") if part.strip()],
        "serviceAccounts": sorted({workload.service_account for workload in behind}) or None,
        "injected": _all_injected(behind),
        "workloads": sorted({workload.written for workload in behind}) or None,
    }


def gateway_item(service: KubernetesObject, workloads: Sequence[Workload]) -> Item | None:
    """The gateway that `service` is, of whatever role; without addresses where its status has none."""
    spec = service.fields.at("spec")
    if not any(port.number("port") in _GATEWAY_PORTS for port in spec.items("ports")):
        return None
    ingress = list(service.fields.at("status", "loadBalancer").items("ingress"))
    return {
        "name": service.name,
        "namespace": service.namespace,
        "addresses": _sorted(entry.text("ip") for entry in ingress),
        "hostname": next(iter(sorted(filter(None, (entry.text("hostname") for entry in ingress)))), "").lower() or None,
        "networkView": _one_view(selected(workloads, spec.labels("selector"))),
    }


def gateway_api_item(gateway: KubernetesObject) -> Item | None:
    """The gateway that a Gateway of the Gateway API is, named like the Service that Istio makes for it."""
    spec = gateway.fields.at("spec")
    if spec.text("gatewayClassName") not in _DEPLOYED_CLASSES:
        return None
    addresses = list(gateway.fields.at("status").items("addresses"))
    hostnames = [entry.text("value") or "" for entry in addresses if entry.text("type") == "Hostname"]
    # pilot/pkg/config/kube/gatewaycommon, GetDefaultName: name and class, unless the annotation says otherwise.
    override = gateway.fields.at("metadata", "annotations").text("gateway.istio.io/name-override")
    return {
        "name": override or f"{gateway.name}-{spec.text('gatewayClassName') or 'istio'}",
        "namespace": gateway.namespace,
        "addresses": _sorted(entry.text("value") for entry in addresses if entry.text("type") in {None, "IPAddress"}),
        "hostname": min(hostnames).lower() if hostnames else None,
    }


def _traffic_distribution(service: Fields, namespace: Fields | None) -> str | None:
    """What Istio takes (GetTrafficDistribution, pilot/pkg/model/service.go): field, own annotation, the namespace's."""
    field = service.at("spec").text("trafficDistribution")
    if field is not None and field.lower() in _DISTRIBUTIONS:
        return _DISTRIBUTIONS[field.lower()]
    annotated = (each.at("metadata", "annotations").text(TRAFFIC_DISTRIBUTION) for each in (service, namespace) if each)
    return _DISTRIBUTIONS.get((next(filter(None, annotated), None) or "").lower())


def _port(port: Fields, workloads: Sequence[Workload]) -> Item:
    number = port.required_number("port")
    target = port.number_or_name("targetPort")
    protocol = port.text("protocol")
    item = {
        "name": port.text("name") or None,
        "port": number,
        "targetPort": None if target in {number, 0, ""} else target,
        "containerPorts": sorted({w.ports[target] for w in workloads if target in w.ports}) or None,
        "protocol": None if protocol == "TCP" else protocol,
        "appProtocol": port.text("appProtocol"),
    }
    return {key: value for key, value in item.items() if value is not None}


def _all_injected(workloads: Sequence[Workload]) -> bool | None:
    answers = {workload.injected for workload in workloads}
    if False in answers:
        return False
    return True if answers == {True} else None


def _one_view(workloads: Sequence[Workload]) -> str | None:
    views = {workload.network_view for workload in workloads} - {None}
    return views.pop() if len(views) == 1 else None


def _sorted(addresses: Iterable[str | None]) -> list[str] | None:
    """In numeric order: cloud providers list them in any."""

    def rank(address: str) -> tuple[int, int, str]:
        try:
            parsed = ip_address(address)
        except ValueError:
            return (0, 0, address)
        return (parsed.version, int(parsed), address)

    return sorted({address for address in addresses if address}, key=rank) or None
