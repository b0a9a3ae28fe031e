"""Services, and the addresses of those that are gateways."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import TYPE_CHECKING

from meshgen.analysis.gateways import GATEWAY_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.inventory.facts import Item
    from meshgen.inventory.fields import Fields
    from meshgen.inventory.nodes import Node
    from meshgen.inventory.objects import KubernetesObject
    from meshgen.inventory.workloads import Workload, Workloads

_STATUS_PORT = 15021
_EAST_WEST_PORT = 15443
_USERS_PORTS = (80, 443)
_GATEWAY_PORTS = frozenset({_STATUS_PORT, _EAST_WEST_PORT})
"""The status port, which every gateway of Istio's chart or of Tetrate has, and the east-west one."""
_OF_ISTIOD = frozenset({15012, 15017})
"""Ports through which an east-west gateway of Istio's samples also lets in to istiod."""
_DEPLOYED_CLASSES = frozenset({None, "istio"})
"""Classes of Gateways that istiod runs pods for and that take traffic from outside."""


TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution"
_DISTRIBUTIONS = {
    "preferclose": "PreferSameZone",
    "prefersamezone": "PreferSameZone",
    "prefersamenode": "PreferSameNode",
}


def service_item(service: KubernetesObject, workloads: Workloads, of_namespace: Fields | None = None) -> Item:
    """The Service as the inventory has it: defaults left out, so that a manifest and a live object read alike.

    `workloads` are those of its namespace, `of_namespace` is its Namespace, where that is known.
    """
    fields = service.fields
    spec = fields.at("spec")
    selector = spec.labels("selector")
    kind = spec.text("type")
    behind = workloads.selected(selector) if kind != "ExternalName" else []
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


def gateway_item(
    service: KubernetesObject,
    workloads: Workloads,
    nodes: Sequence[Node] = (),
    autoscaled: set[tuple[str, str]] | None = None,
) -> Item | None:
    """The gateway that `service` is, of whatever role; without addresses where nothing shows any.

    `workloads` are those of its namespace, `nodes` those of the cluster; `autoscaled` are kind and name of what an
    autoscaler scales in the namespace, None where the input has no autoscalers.

    Addresses as istiod reads them: external IPs and the load balancer's, of a NodePort Service those of nodes
    (serviceregistry/kube/conversion.go, controller/network.go).
    """
    spec = service.fields.at("spec")
    selector = spec.labels("selector")
    behind = workloads.selected(selector)
    ports = [_gateway_port(port, behind, node_ports=spec.text("type") == "NodePort") for port in spec.items("ports")]
    numbers = {number for port in ports for number in (port["port"], port.get("targetPort"))}
    if not (numbers & _GATEWAY_PORTS or GATEWAY_ID in selector or any(workload.gateway for workload in behind)):
        return None
    # The Deployment need not be in the input: meshgen's has the name of the Service.
    pods_of = {("Deployment", service.name), *((workload.kind, workload.name) for workload in behind)}
    ingress = [entry for entry in service.fields.at("status", "loadBalancer").items("ingress") if _serves(entry)]
    addresses = [*(spec.texts("externalIPs") or []), *(entry.text("ip") for entry in ingress)]
    if spec.text("type") == "NodePort":
        addresses += _of_nodes(service, nodes)
    return {
        "name": service.name,
        "namespace": service.namespace,
        "addresses": _sorted(addresses),
        "hostname": next(iter(sorted(filter(None, (entry.text("hostname") for entry in ingress)))), "").lower() or None,
        "ports": _telling(ports),
        "externalTrafficPolicy": "Local" if _answers_locally(spec) else None,
        "networkView": _one_view(behind),
        "autoscaled": None if autoscaled is None else not autoscaled.isdisjoint(pods_of),
        "serviceAccount": None if GATEWAY_ID in selector else _one_account(behind),
        "injected": False if any(not (workload.gateway or workload.injected) for workload in behind) else None,
    }


def _answers_locally(spec: Fields) -> bool:
    """Whether of the nodes' addresses only those answer that run a pod; load balancers find them out by themselves."""
    return spec.text("type") == "NodePort" and spec.text("externalTrafficPolicy") == "Local"


def _serves(ingress: Fields) -> bool:
    """Whether the load balancer serves an address: a port may have failed (PortStatus, `error`)."""
    return not any(port.text("error") and port.number("port") != _STATUS_PORT for port in ingress.items("ports"))


def _gateway_port(port: Fields, behind: Sequence[Workload], *, node_ports: bool) -> Item:
    number, target = port.number("port"), port.number_or_name("targetPort")
    if isinstance(target, str):
        found = {workload.ports[target] for workload in behind if target in workload.ports}
        target = found.pop() if len(found) == 1 else target
    node_port = port.number("nodePort") if node_ports else None
    item = {
        "port": number,
        "targetPort": None if target in {number, 0, ""} else target,
        "nodePort": node_port or None,
        "protocol": port.text("protocol"),
    }
    return {key: value for key, value in item.items() if value is not None or key == "port"}


def _telling(ports: Sequence[Item]) -> list[Item] | None:
    """The ports that may lead to a listener, sorted; None where the usual one does, and nothing has to be said."""
    found = [
        {key: value for key, value in port.items() if key != "protocol"}
        for port in ports
        if port.get("protocol", "TCP") == "TCP"
        and isinstance(port["port"], int)
        and port.get("targetPort", port["port"]) != _STATUS_PORT
        and port["port"] not in _OF_ISTIOD
    ]
    found.sort(key=lambda port: int(port["port"]))
    users = [port for port in found if port["port"] in _USERS_PORTS]
    if {"port": _EAST_WEST_PORT} in found and users in ([], [{"port": number} for number in _USERS_PORTS]):
        return None
    return found or None


def _of_nodes(service: KubernetesObject, nodes: Iterable[Node]) -> Iterator[str]:
    """External addresses of the nodes that the Service's annotation chooses; of all nodes without it."""
    text = service.fields.at("metadata", "annotations").text("traffic.istio.io/nodeSelector")
    wanted: object = {}
    if text:
        try:
            wanted = json.loads(text)
        except (ValueError, RecursionError):
            return  # istiod leaves the Service alone, too
    if isinstance(wanted, dict):
        for node in nodes:
            if wanted.items() <= node.labels.items():
                yield from node.addresses


def gateway_api_item(gateway: KubernetesObject) -> Item | None:
    """The gateway that a Gateway of the Gateway API is, named like the Service that Istio makes for it."""
    spec = gateway.fields.at("spec")
    if spec.text("gatewayClassName") not in _DEPLOYED_CLASSES:
        return None
    addresses = list(gateway.fields.at("status").items("addresses"))
    listeners = [{"port": number} for item in spec.items("listeners") if (number := item.number("port")) is not None]
    hostnames = [entry.text("value") or "" for entry in addresses if entry.text("type") == "Hostname"]
    # pilot/pkg/config/kube/gatewaycommon, GetDefaultName: name and class, unless the annotation says otherwise.
    override = gateway.fields.at("metadata", "annotations").text("gateway.istio.io/name-override")
    return {
        "name": override or f"{gateway.name}-{spec.text('gatewayClassName') or 'istio'}",
        "namespace": gateway.namespace,
        "addresses": _sorted(entry.text("value") for entry in addresses if entry.text("type") in {None, "IPAddress"}),
        "hostname": min(hostnames).lower() if hostnames else None,
        "ports": _telling(listeners),
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
        "intercepted": None if _taken(port, workloads) else False,
    }
    return {key: value for key, value in item.items() if value is not None}


def _taken(port: Fields, workloads: Sequence[Workload]) -> bool:
    """Whether the sidecars of all pods that have one take what comes in on a port."""
    if port.text("protocol") not in {None, "TCP"}:
        return True
    number, target = port.number("port"), port.number_or_name("targetPort")
    for workload in workloads:
        at = workload.ports.get(target) if isinstance(target, str) and target else target or number
        if workload.injected and isinstance(at, int) and not workload.inbound.takes(at):
            return False
    return True


def _all_injected(workloads: Sequence[Workload]) -> bool | None:
    answers = {workload.injected for workload in workloads}
    if False in answers:
        return False
    return True if answers == {True} else None


def _one_view(workloads: Sequence[Workload]) -> str | None:
    views = {workload.network_view for workload in workloads} - {None}
    return views.pop() if len(views) == 1 else None


def _one_account(workloads: Sequence[Workload]) -> str | None:
    accounts = {workload.service_account for workload in workloads}
    return accounts.pop() if len(accounts) == 1 else None


def _sorted(addresses: Iterable[str | None]) -> list[str] | None:
    """In numeric order: cloud providers list them in any."""

    def rank(address: str) -> tuple[int, int, str]:
        try:
            parsed = ip_address(address)
        except ValueError:
            return (0, 0, address)
        return (parsed.version, int(parsed), address)

    return sorted({address for address in addresses if address}, key=rank) or None
