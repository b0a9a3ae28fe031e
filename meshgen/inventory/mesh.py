"""Facts about the cluster's Istio, where its own objects show them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from meshgen.analysis.facts import ROOT_NAMESPACE
from meshgen.inventory.mesh_config import SETTINGS, mesh_config, switch
from meshgen.inventory.roots import root_certificates
from meshgen.inventory.sidecars import is_injector_config, outbound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.analysis.injection import Injectors
    from meshgen.diagnostics import Diagnostic
    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject

_GATEWAY_API = "gateway.networking.k8s.io"
NETWORK_LABEL = "topology.istio.io/network"
_ORDER = (
    "version",
    "revision",
    "network",
    "trustDomain",
    "clusterDomain",
    "dnsCapture",
    "retryRemoteLocalities",
    "ambient",
    "ambientMultiNetwork",
    "gatewaysOfNamespace",
    "multiPrimary",
    "injectionRevisions",
    "injectsByDefault",
    *SETTINGS,
    "outbound",
    "ipAutoAllocation",
    "selectWorkloadEntries",
    "remoteGateways",
    "gatewayAPI",
    "rootCertificates",
)
FACTS = frozenset(_ORDER)
"""All facts about the mesh."""
SWITCHES = {
    "PILOT_ENABLE_AMBIENT": "ambient",
    "PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "gatewaysOfNamespace",
    "AMBIENT_ENABLE_MULTI_NETWORK": "ambientMultiNetwork",
    "PILOT_ENABLE_IP_AUTOALLOCATE": "ipAutoAllocation",
    "PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES": "selectWorkloadEntries",
    "PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API": "remoteGateways",
    "RESOLVE_HOSTNAME_GATEWAYS": "remoteGateways",
}
"""Variables of istiod's environment (pilot/pkg/features) → the facts that they are."""
_ON_BY_DEFAULT = frozenset({"ipAutoAllocation", "selectWorkloadEntries", "remoteGateways"})
_VERSION = re.compile(r"v?([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-[0-9A-Za-z.+-]+?)??)(?:-(?:distroless|debug))?")


def istio_facts(
    objects: Sequence[KubernetesObject],
    injectors: Injectors,
    findings: list[Diagnostic],
    *,
    gateway_api: bool | None = None,
) -> tuple[Item, frozenset[str]]:
    """What `objects` show of the mesh, and which facts they show to be left at their default.

    `gateway_api`: whether the API server has its kinds, None where only the objects can show it.

    A fact on which two objects differ (two revisions) is left out, but for those that can take something away from the
    entries of other clusters: of these the one that does counts.
    """
    seen: dict[str, list[Any]] = {name: [] for name in _ORDER}
    read: set[str] = set()
    system = _system_namespaces(objects)
    for item in objects:
        facts = _facts(item, system, findings)
        read |= facts.keys()
        for name, value in facts.items():
            if value is not None:
                seen[name].append(value)
    seen["gatewayAPI"] += _gateway_api(objects) if gateway_api is None else [gateway_api]
    seen["rootCertificates"] += root_certificates(objects)
    if injectors.revisions is not None:
        seen["injectionRevisions"] = [sorted(injectors.revisions)]
        seen["injectsByDefault"] = [True] if injectors.by_default else []
    found = {name: _agreed(name, values) for name, values in seen.items()}
    istio = {name: value for name, value in found.items() if value is not None}
    return istio, frozenset((read & {*SETTINGS, *_ON_BY_DEFAULT, "outbound"}) - istio.keys())


def _gateway_api(objects: Iterable[KubernetesObject]) -> list[bool]:
    """Whether the cluster has the Gateway API; empty where nothing shows it.

    A CustomResourceDefinition of Istio that the API server gave out (it has a `uid`) shows that all were to be seen.
    """
    names: set[str] = set()
    live = False
    for item in objects:
        if item.group == _GATEWAY_API:
            return [True]
        if item.kind == "CustomResourceDefinition":
            names.add(item.name)
            live = live or (
                item.name.endswith(".networking.istio.io") and item.fields.at("metadata").text("uid") is not None
            )
    if f"gateways.{_GATEWAY_API}" in names:
        return [True]
    return [False] if live else []


def _agreed(name: str, values: Sequence[Any]) -> Any:
    different = {json.dumps(value, sort_keys=True): value for value in values}
    if len(different) == 1:
        return values[0]
    if not different:
        return None
    if name == "enableAutoMtls" or name in _ON_BY_DEFAULT:
        return False
    if name.endswith("ExportTo"):
        return next((value for value in values if "*" not in value or "." in value), values[0])
    if name == "serviceEntryVisibility":
        return values[0]
    if name == "discoverySelectors":
        return list({json.dumps(each, sort_keys=True): each for value in values for each in value}.values())
    return None


def _system_namespaces(objects: Iterable[KubernetesObject]) -> set[str]:
    """Where istiod runs: where its Deployment or its mesh configuration is."""
    found = {item.namespace for item in objects if is_istiod(item) or is_mesh_config(item)}
    return found or {ROOT_NAMESPACE}


def without_configuration(objects: Iterable[KubernetesObject]) -> str | None:
    """The namespace of an istiod whose mesh configuration is not among the objects; None where it is, or no istiod."""
    known = list(objects)
    if any(is_mesh_config(item) for item in known):
        return None
    return next((item.namespace for item in known if is_istiod(item)), None)


def is_istiod(item: KubernetesObject) -> bool:
    """Whether it is the Deployment of a control plane."""
    if item.kind != "Deployment":
        return False
    return item.name == "istiod" or item.fields.at("metadata").labels("labels").get("app") == "istiod"


def is_mesh_config(item: KubernetesObject) -> bool:
    """Whether it is the ConfigMap that an istiod reads its mesh configuration from."""
    if item.kind != "ConfigMap" or "mesh" not in item.fields.at("data").keys():  # noqa: SIM118 - not a mapping
        return False
    return item.name in {"istio", f"istio-{item.fields.at('metadata').labels('labels').get('istio.io/rev')}"}


def _facts(item: KubernetesObject, system: set[str], findings: list[Diagnostic]) -> Item:
    labels = item.fields.at("metadata").labels("labels")
    if item.kind == "Namespace" and item.name in system:
        return {"network": labels.get(NETWORK_LABEL)}
    if is_mesh_config(item):
        return mesh_config(item, findings)
    if is_injector_config(item):
        return {"outbound": outbound(item)}
    if item.kind == "Secret" and item.namespace in system and labels.get("istio/multiCluster") == "true":
        return {"multiPrimary": True}
    return _istiod(item, labels) if is_istiod(item) else {}


def _istiod(item: KubernetesObject, labels: dict[str, str]) -> Item:
    facts: Item = {}
    revision = labels.get("istio.io/rev")
    facts["revision"] = revision if revision != "default" else None
    for container in item.fields.at("spec", "template", "spec").items("containers"):
        if container.text("name") not in {"discovery", "istiod"}:
            continue
        facts["version"] = _version(container.text("image") or "")
        facts |= dict.fromkeys(_ON_BY_DEFAULT)
        arguments = container.texts("args") or []
        for index, argument in enumerate(arguments):
            if argument == "--domain" and index + 1 < len(arguments):
                facts["clusterDomain"] = arguments[index + 1]
            elif argument.startswith("--domain="):
                facts["clusterDomain"] = argument.removeprefix("--domain=")
        for variable in container.items("env"):
            fact = SWITCHES.get(variable.text("name") or "")
            if fact is not None and facts.get(fact) is not False:
                facts[fact] = switch(variable.text("value"))
    return facts


def _version(image: str) -> str | None:
    name = image.partition("@")[0].rpartition("/")[2]
    match = _VERSION.fullmatch(name.partition(":")[2])
    return match[1] if match else None
