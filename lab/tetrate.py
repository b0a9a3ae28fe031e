"""Stands in for Tetrate's control plane, which is not public: gateways and exposure from emitted objects alone.

Its kinds are served from our schemas. For every gateway object it writes what Tetrate's operator writes: a
Deployment and a Service labelled `app: <name>` with the object's environment, nothing else, and the Istio Gateway
for the services that the WorkspaceSettings expose. ServiceEntries and WorkloadEntries are meshgen's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.api import Object, reference
from lab.gateway import PASSTHROUGH, gateway_objects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.cluster import Cluster

_SCHEMAS = Path(__file__).parents[1] / "schemas"
_GATEWAYS = ("IngressGateway", "Gateway")
_KEPT = ("type", "required", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


def custom_resources() -> list[Object]:
    """The CustomResourceDefinitions of Tetrate's kinds."""
    return [_definition(path) for path in sorted(_SCHEMAS.glob("*.tetrate.io/*.json"))]


def reconcile(clusters: Iterable[Cluster]) -> None:
    """Do in every cluster what the gateway objects and WorkspaceSettings of all of them ask for."""
    clusters = list(clusters)
    workspaces = {
        workspace["metadata"]["name"]: workspace["spec"]["namespaceSelector"]["names"]
        for cluster in clusters
        for workspace in cluster.api.items("tsb.tetrate.io/v2", "Workspace")
    }
    for cluster in clusters:
        for kind in _GATEWAYS:
            for gateway in cluster.api.items("install.tetrate.io/v1alpha1", kind):
                cluster.ensure_namespace(gateway["metadata"]["namespace"])
                hosts = sorted(_exposed(clusters, cluster, gateway, workspaces))
                for body in _objects(gateway, hosts):
                    cluster.api.apply(body, manager="tetrate")


def _exposed(clusters: list[Cluster], cluster: Cluster, gateway: Object, workspaces: dict[str, list[str]]) -> set[str]:
    """The hosts of the cluster's Services that settings of any cluster expose through a gateway."""
    services = cluster.api.items("v1", "Service")
    found: set[str] = set()
    for source in clusters:
        for setting in source.api.items("settings.tetrate.io/v1alpha1", "WorkspaceSetting"):
            rule = setting["spec"]["defaultEastWestGatewaySettings"]
            own = setting["metadata"]["namespace"] == gateway["metadata"]["namespace"]
            if source is cluster and own and rule["workloadSelector"]["app"] == gateway["metadata"]["name"]:
                inside = _inside(services, cluster, workspaces[setting["spec"]["workspace"]])
                named = rule.get("exposedServices")
                found |= {host for host in inside if named is None or host in named}
        for setting in source.api.items("tsb.tetrate.io/v2", "WorkspaceSetting"):
            workspace = setting["metadata"]["annotations"]["tsb.tetrate.io/workspace"]
            inside = _inside(services, cluster, workspaces[workspace])
            for rule in setting["spec"]["defaultEastWestGatewaySettings"]:
                if _selects(rule["workloadSelector"], gateway):
                    found |= {host for host, body in inside.items() if _labelled(body, rule)}
    return found


def _inside(services: list[Object], cluster: Cluster, patterns: list[str]) -> dict[str, Object]:
    """The Services of a workspace in a cluster, by host; gateways' own Services are not among them."""
    return {
        f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local": service
        for service in services
        for metadata in [service["metadata"]]
        if service["spec"].get("type") != "LoadBalancer"
        and any(_matches(pattern, cluster.name, metadata["namespace"]) for pattern in patterns)
    }


def _matches(pattern: str, cluster: str, namespace: str) -> bool:
    own, _, names = pattern.partition("/")
    fits = namespace.startswith(names[:-1]) if names.endswith("*") else namespace == names
    return own in ("*", cluster) and fits


def _selects(selector: dict[str, Any], gateway: Object) -> bool:
    metadata = gateway["metadata"]
    same = selector["namespace"] == metadata["namespace"]
    return same and bool(selector["labels"].items() <= {"app": metadata["name"]}.items())


def _labelled(service: Object, rule: dict[str, Any]) -> bool:
    labels = service["metadata"].get("labels", {}).items()
    wanted = rule.get("exposedServices")
    return not wanted or any(item["serviceLabels"].items() <= labels for item in wanted)


def _objects(gateway: Object, hosts: list[str]) -> list[Object]:
    name, namespace = gateway["metadata"]["name"], gateway["metadata"]["namespace"]
    labels = {"app": name}
    kube = gateway["spec"].get("kubeSpec", {}).get("deployment", {})
    objects = gateway_objects(
        name,
        namespace,
        labels,
        account=f"{name}-service-account",
        env=kube.get("env", []),
        replicas=kube.get("replicaCount", 1),
    )
    if hosts:
        exposure = reference("networking.istio.io/v1", "Gateway", name, namespace)
        port = {"number": PASSTHROUGH, "name": "tls", "protocol": "TLS"}
        server = {"port": port, "tls": {"mode": "AUTO_PASSTHROUGH"}, "hosts": hosts}
        exposure["spec"] = {"selector": labels, "servers": [server]}
        objects.append(exposure)
    return objects


def _definition(path: Path) -> Object:
    schema = json.loads(path.read_text(encoding="utf-8"))
    properties = schema["properties"]
    kind, _, version = properties["kind"]["const"], "", path.stem.rpartition("_")[2]
    group, plural = path.parent.name, f"{kind.lower()}s"
    body = reference("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}")
    spec = _structural(properties["spec"], schema.get("definitions", {}))
    body["spec"] = {
        "group": group,
        "scope": "Namespaced",
        "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
            }
        ],
    }
    return body


def _structural(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Reduce a JSON Schema to what CustomResourceDefinitions can say (structural schemas)."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if not isinstance(schema.get("type"), str):
        return {"x-kubernetes-preserve-unknown-fields": True}
    reduced = {key: schema[key] for key in _KEPT if key in schema}
    if "properties" in schema:
        reduced["properties"] = {name: _structural(value, definitions) for name, value in schema["properties"].items()}
    elif isinstance(schema.get("additionalProperties"), dict):
        reduced["additionalProperties"] = _structural(schema["additionalProperties"], definitions)
    elif schema["type"] == "object":
        reduced["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in schema:
        reduced["items"] = _structural(schema["items"], definitions)
    return reduced
