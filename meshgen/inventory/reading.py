"""The objects of a running cluster that an inventory is made of, read once each, as documents of an import."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.several import all_of
from meshgen.inventory.mesh import SWITCHES
from meshgen.inventory.roots import CONFIG_MAP
from meshgen.inventory.sidecars import CONFIG_MAP as INJECTOR
from meshgen.language.gateway import NETWORK_VIEW
from meshgen.live.api import Resource
from meshgen.live.errors import RIGHTS, ForbiddenError, NotFoundError
from meshgen.load.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.live import Api
    from meshgen.live.api import Object
    from meshgen.load.nodes import Node

_BUILT_IN = (
    Resource("", "v1", "namespaces", "Namespace", namespaced=False),
    Resource("", "v1", "nodes", "Node", namespaced=False),
    Resource("", "v1", "services", "Service"),
    Resource("", "v1", "pods", "Pod"),
    Resource("apps", "v1", "deployments", "Deployment"),
    Resource("apps", "v1", "statefulsets", "StatefulSet"),
    Resource("apps", "v1", "daemonsets", "DaemonSet"),
    Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    Resource(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        namespaced=False,
    ),
)
_CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
_OF_CRDS = {
    "networking.istio.io": ("destinationrules", "gateways", "serviceentries", "sidecars", "virtualservices"),
    "security.istio.io": ("peerauthentications",),
    "gateway.networking.k8s.io": ("gateways", "grpcroutes", "httproutes", "tcproutes", "tlsroutes"),
}
"""Group → plurals of kinds that a cluster need not have."""
_GATEWAY_API = "gateway.networking.k8s.io"
_ROOT_NAMESPACE = "istio-system"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_VARIABLES = frozenset({NETWORK_VIEW, *SWITCHES})
"""Variables that an inventory reads. Others may hold secrets, and findings show lines."""
_STATUS = {"Node": ("addresses",), "Pod": ("phase", "podIPs"), "Service": ("loadBalancer",), "Gateway": ("addresses",)}
_CONTAINER = ("name", "image", "args", "ports", "restartPolicy")
_POD = (
    "containers",
    "hostNetwork",
    "initContainers",
    "restartPolicy",
    "serviceAccount",
    "serviceAccountName",
)


@dataclass(slots=True)
class Observed:
    """What was read."""

    documents: list[Node] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    """Texts by the name that stands for a file in findings."""
    gateway_api: bool = False
    """Whether the API server has the Gateway API."""
    has_istiod: bool = False
    """Whether a control plane runs in the cluster; it may run elsewhere."""
    absent: list[str] = field(default_factory=list)
    """Kinds that are not installed."""
    findings: list[Diagnostic] = field(default_factory=list)


def observe(api: Api, cluster: str) -> Observed:
    """Reads the cluster. Raises `LiveError`, but for kinds that may not be read: all of them are one finding (MG745).

    Kinds that are not installed are left out; without those of Istio that is MG747.
    """
    found = Observed()
    refused: dict[str, ForbiddenError] = {}
    resources = [*_BUILT_IN]
    for group, plurals in _OF_CRDS.items():
        try:
            served = api.served(group)
        except ForbiddenError as error:
            refused[f"/apis/{group}"] = error
            continue
        found.absent += [f"{plural}.{group}" for plural in plurals if plural not in served]
        resources += [served[plural] for plural in plurals if plural in served]
        if group == _GATEWAY_API:
            found.gateway_api = "gateways" in served
    systems: dict[str, set[str]] = {}
    for resource in resources:
        try:
            items = api.items(resource)
        except ForbiddenError as error:
            refused[resource.name] = error
            continue
        except NotFoundError:
            # The group is served and the kind is not: its definition went meanwhile.
            found.absent.append(resource.name)
            continue
        _add(found, f"{cluster}/{resource.name}", items)
        if resource.plural == "deployments":
            systems = _systems(items)
    found.has_istiod = bool(systems)
    for namespace, names in sorted((systems or {_ROOT_NAMESPACE: {"istio", INJECTOR}}).items()):
        for name in sorted({*names, CONFIG_MAP}):
            try:
                item = api.json(_CONFIG_MAPS.path(namespace, name))
            except ForbiddenError as error:
                refused[f"{_CONFIG_MAPS.name}/{name}"] = error
            except NotFoundError:
                continue
            else:
                _add(found, f"{cluster}/{namespace}/{_CONFIG_MAPS.name}/{name}", [item])
    found.findings += _findings(cluster, refused, found.absent)
    return found


def _add(found: Observed, name: str, items: Iterable[Object]) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [needed(item) for item in items]}, indent=1)
    documents, problems = read_json(text, name) or ([], [])
    found.sources[name] = text
    found.documents += documents
    found.findings += problems


def _systems(deployments: Iterable[Object]) -> dict[str, set[str]]:
    """Namespaces with an istiod → names of the ConfigMaps of their meshes and injectors."""
    found: dict[str, set[str]] = {}
    for item in deployments:
        metadata = item.get("metadata") or {}
        labels = metadata.get("labels") or {}
        if metadata.get("name") == "istiod" or labels.get("app") == "istiod":
            revision = labels.get("istio.io/rev") or "default"
            names = ("istio", INJECTOR) if revision == "default" else (f"istio-{revision}", f"{INJECTOR}-{revision}")
            found.setdefault(str(metadata.get("namespace")), set()).update(names)
    return found


def needed(item: Object) -> Object:
    """`item` without what no inventory has: the bulk of Pods and Nodes, and the environment of applications."""
    item = dict(item)
    metadata = dict(item.get("metadata") or {})
    metadata.pop("managedFields", None)
    if _APPLIED in (metadata.get("annotations") or {}):
        metadata["annotations"] = {name: text for name, text in metadata["annotations"].items() if name != _APPLIED}
    item["metadata"] = metadata
    status = item.pop("status", None)
    if isinstance(status, dict):
        item["status"] = {name: status[name] for name in _STATUS.get(item["kind"], ()) if name in status}
    spec = item.get("spec")
    if item["kind"] == "Pod" and isinstance(spec, dict):
        item["spec"] = _of_pod(spec)
    elif isinstance(spec, dict) and isinstance(template := spec.get("template"), dict):
        item["spec"] = spec | {"template": template | {"spec": _of_pod(template.get("spec") or {})}}
        item["spec"].pop("volumeClaimTemplates", None)
    return item


def _of_pod(spec: dict[str, Any]) -> dict[str, Any]:
    kept = {name: spec[name] for name in _POD if spec.get(name) is not None}
    for name in ("containers", "initContainers"):
        if name in kept:
            kept[name] = [_of_container(container) for container in kept[name]]
    return kept


def _of_container(container: dict[str, Any]) -> dict[str, Any]:
    kept = {name: container[name] for name in _CONTAINER if name in container}
    variables = [each for each in container.get("env") or [] if each.get("name") in _VARIABLES]
    return kept | {"env": variables} if variables else kept


def _findings(cluster: str, refused: dict[str, ForbiddenError], absent: Iterable[str]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if refused:
        what = all_of(refused)
        first = next(iter(refused.values()))
        found.append(
            diagnose(
                ForbiddenError.code,
                f"the user may not read {what} in `{cluster}`: {first.why}",
                help=RIGHTS,
                object=f"cluster/{cluster}",
            )
        )
    of_istio = sorted(name for name in absent if name.endswith(".networking.istio.io"))
    if of_istio:
        what = all_of(of_istio)
        found.append(
            diagnose(
                "MG747",
                f"`{cluster}` does not have the kinds {what}",
                help="Install Istio's CRDs before anything that meshgen emits is synced, or check that the context is "
                "the one of this cluster.",
                object=f"cluster/{cluster}",
            )
        )
    return found
