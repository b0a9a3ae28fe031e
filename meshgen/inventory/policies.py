"""What teams wrote for the mesh: Istio's rules, and routes of the Gateway API for Services."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from meshgen.inventory.facts import Item
    from meshgen.inventory.fields import Fields
    from meshgen.inventory.objects import KubernetesObject

_OUTLIER_NUMBERS = (
    "consecutiveGatewayErrors",
    "consecutive5xxErrors",
    "maxEjectionPercent",
    "minHealthPercent",
    "consecutiveLocalOriginFailures",
)
_OUTLIER_ORDER = (
    "consecutiveGatewayErrors",
    "consecutive5xxErrors",
    "interval",
    "baseEjectionTime",
    "maxEjectionPercent",
    "minHealthPercent",
    "splitExternalLocalOriginErrors",
    "consecutiveLocalOriginFailures",
)


_PORT = re.compile(r"[0-9]{1,5}")
_ENABLED = frozenset({"PERMISSIVE", "STRICT"})
_DEFAULT_MODE = "PASSTHROUGH"
"""The first of Istio's enumeration, so what an absent `tls.mode` means (networking/v1alpha3/gateway.proto)."""
_PLAIN_TEXT = "DISABLE"
"""What `tls` without a mode means to a client: the first of ClientTLSSettings' modes."""


def destination_rule(rule: KubernetesObject) -> Item:
    spec = rule.fields.at("spec")
    policy = spec.at("trafficPolicy")
    return {
        "name": rule.name,
        "namespace": rule.namespace,
        "host": spec.required_text("host"),
        "exportTo": spec.texts("exportTo"),
        "workloadSelector": _labels(spec, "workloadSelector", "matchLabels"),
        "subsets": [subset.required_text("name") for subset in spec.items("subsets")] or None,
        "trafficPolicy": True if policy.keys() else None,
        **_policy(policy),
        "portLevelSettings": [_port_policy(entry) for entry in policy.items("portLevelSettings")] or None,
    }


def virtual_service(service: KubernetesObject) -> Item:
    spec = service.fields.at("spec")
    gateways = spec.texts("gateways") or []
    at_gateways = any(gateway != "mesh" for gateway in gateways)
    return {
        "name": service.name,
        "namespace": service.namespace,
        "hosts": spec.texts("hosts") or [],
        "gateways": gateways or None,
        "destinations": (_destinations(spec) or None) if at_gateways else None,
        "exportTo": spec.texts("exportTo"),
    }


def _destinations(spec: Fields) -> list[Item]:
    """Each host and way of retrying once, sorted.

    Source: ConvertPolicy, pilot/pkg/networking/core/route/retry/retry.go: a route without `retries` has the mesh's
    default, and one whose `retries` say no `attempts` retries nowhere.
    """
    found: dict[tuple[str, str], Item] = {}
    for route in spec.items("http"):
        said = route.at("retries")
        remote = said.flag("retryRemoteLocalities") and (said.number("attempts") or 0) > 0
        own = "everywhere" if remote else "here"
        retries = own if "retries" in route.keys() else "mesh"  # noqa: SIM118
        for destination in (each.at("destination") for each in route.items("route")):
            host = destination.required_text("host")
            found.setdefault((host, retries), {"host": host, "retries": retries})
    return [found[key] for key in sorted(found)]


def route(found: KubernetesObject, cluster_domain: str) -> Item | None:
    """A route of the Gateway API: where Services are its parents their names are its hosts, and where Gateways are it
    has destinations. None: neither.
    """
    parents = list(found.fields.at("spec").items("parentRefs"))
    hosts = {
        f"{parent.required_text('name')}.{parent.text('namespace') or found.namespace}.svc.{cluster_domain}"
        for parent in parents
        if parent.text("kind") == "Service" and not parent.text("group")
    }
    at_gateways = any(parent.text("kind") in (None, "Gateway") for parent in parents)
    destinations = _backends(found, cluster_domain) if at_gateways and found.kind in _ROUTES_OF_REQUESTS else []
    if not hosts and not destinations:
        return None
    return {
        "name": found.name,
        "namespace": found.namespace,
        "hosts": sorted(hosts),
        "destinations": destinations or None,
        "kind": found.kind,
    }


_ROUTES_OF_REQUESTS = ("GRPCRoute", "HTTPRoute")


def _backends(found: KubernetesObject, cluster_domain: str) -> list[Item]:
    """Each Service and way of retrying once, sorted.

    Source: pilot/pkg/config/kube/gateway/conversion.go: `retry` becomes retries in the own cluster only, and without it
    the mesh's default holds.
    """
    kept: dict[tuple[str, str], Item] = {}
    for rule in found.fields.at("spec").items("rules"):
        retries = "here" if "retry" in rule.keys() else "mesh"  # noqa: SIM118
        for backend in rule.items("backendRefs"):
            if backend.text("kind") in (None, "Service") and not backend.text("group"):
                namespace = backend.text("namespace") or found.namespace
                host = f"{backend.required_text('name')}.{namespace}.svc.{cluster_domain}"
                kept.setdefault((host, retries), {"host": host, "retries": retries})
    return [kept[key] for key in sorted(kept)]


def service_entry(entry: KubernetesObject) -> Item:
    spec = entry.fields.at("spec")
    return {
        "name": entry.name,
        "namespace": entry.namespace,
        "hosts": spec.texts("hosts") or [],
        "exportTo": spec.texts("exportTo"),
        "resolution": spec.text("resolution"),
        "workloadSelector": _labels(spec, "workloadSelector", "labels"),
    }


def sidecar(found: KubernetesObject) -> Item:
    spec = found.fields.at("spec")
    listeners = list(spec.items("egress"))
    # One with a port shows that port of its hosts only (serviceMatchingListenerPort, pilot/pkg/model/sidecar.go).
    ports = [_listener_port(listener.at("port")) for listener in listeners]
    hosts = [listener.texts("hosts") or [] for listener in listeners]
    # A proxy sees what any of its listeners sees (pilot/pkg/model/sidecar.go), so an exclusion holds if all have it.
    seen = [
        host
        for port, of_one in zip(ports, hosts, strict=True)
        for host in of_one
        if (port is None and not host.startswith("~")) or (host.startswith("~") and all(host in h for h in hosts))
    ]
    of_ports = [
        {"port": port, "hosts": [host for host in of_one if not host.startswith("~")]}
        for port, of_one in zip(ports, hosts, strict=True)
        if port is not None
    ]
    return {
        "name": found.name,
        "namespace": found.namespace,
        "workloadSelector": _labels(spec, "workloadSelector", "labels"),
        "egressHosts": list(dict.fromkeys(seen)) if listeners else None,
        "egressPorts": of_ports or None,
    }


def _listener_port(port: Fields) -> int | None:
    """The port that a listener is limited to; a generic HTTP proxy is to none."""
    return None if (port.text("protocol") or "").upper() == "HTTP_PROXY" else port.number("number") or None


def peer_authentication(found: KubernetesObject) -> Item:
    spec = found.fields.at("spec")
    ports = spec.at("portLevelMtls")
    modes = {int(port): ports.at(port).text("mode") for port in ports.keys() if _PORT.fullmatch(port)}  # noqa: SIM118
    return {
        "name": found.name,
        "namespace": found.namespace,
        "selector": _labels(spec, "selector", "matchLabels"),
        "mode": spec.at("mtls").text("mode"),
        "disabledPorts": sorted(port for port, mode in modes.items() if mode == "DISABLE") or None,
        "enabledPorts": sorted(port for port, mode in modes.items() if mode in _ENABLED) or None,
    }


def istio_gateway(found: KubernetesObject) -> Item:
    spec = found.fields.at("spec")
    servers = [
        {
            "port": server.at("port").required_number("number"),
            "hosts": server.texts("hosts") or [],
            "tlsMode": (server.at("tls").text("mode") or _DEFAULT_MODE) if "tls" in server.keys() else None,  # noqa: SIM118
            "bind": server.text("bind"),
        }
        for server in spec.items("servers")
    ]
    return {
        "name": found.name,
        "namespace": found.namespace,
        "selector": spec.labels("selector") or None,
        "servers": [{key: value for key, value in item.items() if value is not None} for item in servers] or None,
    }


READERS: dict[tuple[str, str], tuple[str, Callable[[KubernetesObject], Item]]] = {
    ("networking.istio.io", "DestinationRule"): ("destinationRules", destination_rule),
    ("networking.istio.io", "VirtualService"): ("virtualServices", virtual_service),
    ("networking.istio.io", "ServiceEntry"): ("serviceEntries", service_entry),
    ("networking.istio.io", "Sidecar"): ("sidecars", sidecar),
    ("networking.istio.io", "Gateway"): ("istioGateways", istio_gateway),
    ("security.istio.io", "PeerAuthentication"): ("peerAuthentications", peer_authentication),
}
"""Group and kind → the list of the inventory, and what makes its item."""


def _labels(spec: Fields, selector: str, labels: str) -> Item | None:
    # A selector without labels is one for every pod, which is what an absent one means.
    return spec.at(selector).labels(labels) or None


def _policy(policy: Fields) -> Item:
    """What of a `trafficPolicy`, or of an entry of its `portLevelSettings`, decides failover."""
    locality = policy.at("loadBalancer", "localityLbSetting")
    tls = policy.at("tls")
    # Switched off, none of its settings counts (GetLocalityLbSetting, pilot/pkg/networking/core/loadbalancer).
    off = locality.flag("enabled") is False
    return {
        "outlierDetection": _outlier_detection(policy),
        "failoverPriority": None if off else locality.texts("failoverPriority"),
        "distribute": True if not off and list(locality.items("distribute")) else None,
        "tlsMode": (tls.text("mode") or _PLAIN_TEXT) if "tls" in policy.keys() else None,  # noqa: SIM118
        "serverName": tls.text("sni"),
    }


def _port_policy(entry: Fields) -> Item:
    # An entry without any of the fields is kept: it takes the rule's own from its port.
    item = {"port": entry.at("port").required_number("number"), **_policy(entry)}
    return {key: value for key, value in item.items() if value is not None}


def _outlier_detection(policy: Fields) -> Item | None:
    if "outlierDetection" not in policy.keys():  # noqa: SIM118 - not a mapping
        return None
    detection = policy.at("outlierDetection")
    item: Item = {key: detection.number(key) for key in _OUTLIER_NUMBERS}
    item |= {key: detection.text(key) for key in ("interval", "baseEjectionTime")}
    item["splitExternalLocalOriginErrors"] = detection.flag("splitExternalLocalOriginErrors")
    return {key: item[key] for key in _OUTLIER_ORDER if item[key] is not None}
