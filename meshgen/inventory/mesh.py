"""Facts about the cluster's Istio, where its own objects show them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.analysis.facts import ROOT_NAMESPACE
from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.fields import Fields
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.analysis.injection import Injectors
    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject

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
)
_VERSION = re.compile(r"v?([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-[0-9A-Za-z.+-]+?)??)(?:-(?:distroless|debug))?")


def istio_facts(objects: Iterable[KubernetesObject], injectors: Injectors, findings: list[Diagnostic]) -> Item:
    """What `objects` show of the mesh. A fact on which two of them differ (two revisions) is left out."""
    seen: dict[str, set[Any]] = {name: set() for name in _ORDER}
    for item in objects:
        for name, value in _facts(item, findings).items():
            if value is not None:
                seen[name].add(value)
    facts: Item = {name: values.pop() for name, values in seen.items() if len(values) == 1}
    if injectors.revisions is not None:
        facts["injectionRevisions"] = sorted(injectors.revisions)
        facts["injectsByDefault"] = injectors.by_default or None
    return {name: facts[name] for name in _ORDER if facts.get(name) is not None}


def _facts(item: KubernetesObject, findings: list[Diagnostic]) -> Item:
    if item.kind == "Namespace" and item.name == ROOT_NAMESPACE:
        return {"network": item.fields.at("metadata").labels("labels").get(NETWORK_LABEL)}
    if item.namespace != ROOT_NAMESPACE:
        return {}
    labels = item.fields.at("metadata").labels("labels")
    if item.kind == "ConfigMap" and (item.name == "istio" or item.name == f"istio-{labels.get('istio.io/rev')}"):
        return _mesh_config(item, findings)
    if item.kind == "Secret" and labels.get("istio/multiCluster") == "true":
        return {"multiPrimary": True}
    if item.kind == "Deployment" and (labels.get("app") == "istiod" or item.name == "istiod"):
        return _istiod(item, labels)
    return {}


def _mesh_config(item: KubernetesObject, findings: list[Diagnostic]) -> Item:
    data = item.fields.at("data")
    text = data.text("mesh")
    if text is None:
        return {}
    parsed = parse(text, "mesh", merge_keys=True)
    problems = list(parsed.diagnostics)
    facts: Item = {}
    for node, _ in parsed.documents:
        mesh = Fields(node, problems, "the mesh configuration")
        retries = mesh.at("defaultHttpRetryPolicy")
        metadata = mesh.at("defaultConfig", "proxyMetadata")
        facts = {
            "trustDomain": mesh.text("trustDomain"),
            "retryRemoteLocalities": retries.flag("retryRemoteLocalities"),
            "dnsCapture": _switch(metadata.text("ISTIO_META_DNS_CAPTURE")),
        }
    findings.extend(
        diagnose(
            "MG053",
            f"`data.mesh` of {item.fields.owner}, line {problem.span.line if problem.span else 1}: {problem.message}",
            data.span("mesh"),
            "Correct the mesh configuration; istiod refuses it.",
        )
        for problem in problems
    )
    return facts


def _istiod(item: KubernetesObject, labels: dict[str, str]) -> Item:
    facts: Item = {}
    revision = labels.get("istio.io/rev")
    facts["revision"] = revision if revision != "default" else None
    for container in item.fields.at("spec", "template", "spec").items("containers"):
        if container.text("name") not in {"discovery", "istiod"}:
            continue
        facts["version"] = _version(container.text("image") or "")
        arguments = container.texts("args") or []
        for index, argument in enumerate(arguments):
            if argument == "--domain" and index + 1 < len(arguments):
                facts["clusterDomain"] = arguments[index + 1]
            elif argument.startswith("--domain="):
                facts["clusterDomain"] = argument.removeprefix("--domain=")
        for variable in container.items("env"):
            name = variable.text("name")
            if name == "PILOT_ENABLE_AMBIENT":
                facts["ambient"] = _switch(variable.text("value"))
            elif name == "PILOT_SCOPE_GATEWAY_TO_NAMESPACE":
                facts["gatewaysOfNamespace"] = _switch(variable.text("value"))
            elif name == "AMBIENT_ENABLE_MULTI_NETWORK":
                facts["ambientMultiNetwork"] = _switch(variable.text("value"))
    return facts


def _version(image: str) -> str | None:
    name = image.partition("@")[0].rpartition("/")[2]
    match = _VERSION.fullmatch(name.partition(":")[2])
    return match[1] if match else None


def _switch(text: str | None) -> bool | None:
    # strconv.ParseBool, with which Istio reads its environment.
    if text in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    return False if text in {"0", "f", "F", "false", "FALSE", "False"} else None
