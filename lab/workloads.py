"""Services and pods from an inventory, and the EndpointSlices that no controller writes here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.api import Object, reference
from lab.pod import Pod, PodSettings, Port

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.cluster import Cluster

_NAMED_PORTS = 18000  # pods listen for a named targetPort from here on
_HTTP2 = ("http2", "kubernetes.io/h2c")
_PLAIN = ("tcp", "mysql", "mongo", "redis", "tls", "db")  # `db` tells Istio nothing


def service_object(item: dict[str, Any]) -> Object:
    """The Service of an inventory item."""
    body = reference("v1", "Service", item["name"], item["namespace"])
    body["metadata"]["labels"] = item.get("labels", {})
    if export := item.get("exportTo"):
        body["metadata"]["annotations"] = {"networking.istio.io/exportTo": ",".join(export)}
    spec = {
        "selector": item.get("selector"),
        "ports": item.get("ports"),
        "type": item.get("type"),
        "internalTrafficPolicy": item.get("internalTrafficPolicy"),
    }
    if item.get("clusterIP") == "None":
        spec["clusterIP"] = "None"
    body["spec"] = {key: value for key, value in spec.items() if value}
    return body


def urls(item: dict[str, Any]) -> list[str]:
    """Where clients reach an inventory item: one URL a port, with the protocol that its server speaks."""
    host = f"{item['name']}.{item['namespace']}.svc.cluster.local"
    return [f"{_port(port).protocol}://{host}:{port['port']}/" for port in item["ports"]]


def pod_settings(item: dict[str, Any], zone: str = "", suffix: str = "") -> list[PodSettings]:
    """One pod per service account of an inventory item."""
    accounts = item.get("serviceAccounts") or ["default"]
    many = len(accounts) > 1
    return [
        PodSettings(
            name=f"{item['name']}{f'-{account}' if many else ''}{suffix}",
            namespace=item["namespace"],
            service_account=account,
            labels={"app": item["name"], **item["selector"]},
            ports=tuple(_port(port) for port in item["ports"]),
            zone=zone,
            proxy="sidecar" if item.get("injected", True) else "",
        )
        for account in accounts
    ]


def deployed_pod(deployment: Object) -> PodSettings:
    """One pod of a Deployment whose containers answer HTTP: the lab's server stands in for their image."""
    metadata, template = deployment["metadata"], deployment["spec"]["template"]
    ports = [port for container in template["spec"]["containers"] for port in container.get("ports", [])]
    return PodSettings(
        name=metadata["name"],
        namespace=metadata["namespace"],
        service_account=template["spec"].get("serviceAccountName", "default"),
        labels=dict(template["metadata"]["labels"]),
        ports=tuple(Port(port["containerPort"], name=port.get("name", "")) for port in ports),
    )


def publish(cluster: Cluster, pods: Iterable[Pod]) -> None:
    """Write the EndpointSlice of every Service with a selector, as the endpoint controller does."""
    zone: dict[str, str] = {}
    cluster.network.zone.services[cluster.number] = zone
    published = [pod for pod in pods if pod.cluster is cluster and pod.published]
    for service in cluster.api.items("v1", "Service"):
        selector, metadata = service["spec"].get("selector"), service["metadata"]
        if service["spec"].get("clusterIP", "None") != "None":
            zone[f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local"] = service["spec"]["clusterIP"]
        if selector:
            chosen = [p for p in published if _selected(p, metadata["namespace"], selector)]
            cluster.api.apply(_slice(service, chosen))


def slice_reference(service: str, namespace: str) -> Object:
    """Name the one EndpointSlice that the lab writes for a Service."""
    return reference("discovery.k8s.io/v1", "EndpointSlice", f"{service}-lab", namespace)


def _selected(pod: Pod, namespace: str, selector: dict[str, str]) -> bool:
    return pod.settings.namespace == namespace and selector.items() <= pod.labels.items()


def _slice(service: Object, pods: list[Pod]) -> Object:
    metadata = service["metadata"]
    body = slice_reference(metadata["name"], metadata["namespace"])
    body["metadata"]["labels"] = {"kubernetes.io/service-name": metadata["name"]}
    body["addressType"] = "IPv4"
    body["ports"] = [
        {key: value for key, value in port.items() if key in ("name", "protocol", "appProtocol")}
        | {"port": _target(port, pods)}
        for port in service["spec"].get("ports", [])
    ]
    body["endpoints"] = [
        {
            "addresses": [pod.address],
            "conditions": {"ready": pod.ready, "serving": pod.ready, "terminating": False},
            "nodeName": pod.cluster.node(pod.settings.zone),
            "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.settings.namespace},
            **({"zone": pod.settings.zone} if pod.settings.zone else {}),
        }
        for pod in pods
    ]
    return body


def _target(port: dict[str, Any], pods: list[Pod]) -> int:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    numbers = (p.number for pod in pods for p in pod.settings.ports if p.name == target)
    return next(numbers, port["port"])


def _port(port: dict[str, Any]) -> Port:
    target = port.get("targetPort", port["port"])
    name = "" if isinstance(target, int) else target
    number = target if isinstance(target, int) else _NAMED_PORTS + port["port"] % 1000
    spoken = port.get("appProtocol") or port.get("name", "").partition("-")[0]
    return Port(number, _protocol(spoken), name)


def _protocol(spoken: str) -> str:
    if spoken in _PLAIN:
        return "tcp"
    if spoken in _HTTP2:
        return "http2"
    return "grpc" if spoken == "grpc" else "http"
