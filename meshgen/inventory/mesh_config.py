"""The mesh configuration: the ConfigMap that istiod reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.fields import Fields
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject

SETTINGS = (
    "trustDomainAliases",
    "rootNamespace",
    "enableAutoMtls",
    "defaultServiceExportTo",
    "defaultVirtualServiceExportTo",
    "defaultDestinationRuleExportTo",
    "discoverySelectors",
    "serviceEntryVisibility",
)
"""Facts that are under the same name there, and not when they have their default."""


def mesh_config(item: KubernetesObject, findings: list[Diagnostic]) -> Item:
    """What the `mesh` of a ConfigMap says, None for what it leaves out. What istiod refuses is added as MG053."""
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
            "trustDomainAliases": mesh.texts("trustDomainAliases") or None,
            "retryRemoteLocalities": retries.flag("retryRemoteLocalities"),
            "dnsCapture": switch(metadata.text("ISTIO_META_DNS_CAPTURE")),
            "rootNamespace": mesh.text("rootNamespace"),
            "enableAutoMtls": mesh.flag("enableAutoMtls"),
            "defaultServiceExportTo": mesh.texts("defaultServiceExportTo"),
            "defaultVirtualServiceExportTo": mesh.texts("defaultVirtualServiceExportTo"),
            "defaultDestinationRuleExportTo": mesh.texts("defaultDestinationRuleExportTo"),
            "discoverySelectors": [label_selector(each) for each in mesh.items("discoverySelectors")] or None,
            "serviceEntryVisibility": _visibility(mesh.at("serviceEntryVisibility")),
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
    return {name: None if value == _DEFAULTS.get(name) else value for name, value in facts.items()}


_DEFAULTS: Item = {
    "rootNamespace": "istio-system",
    "enableAutoMtls": True,
    "defaultServiceExportTo": ["*"],
    "defaultVirtualServiceExportTo": ["*"],
    "defaultDestinationRuleExportTo": ["*"],
}


def label_selector(selector: Fields) -> Item:
    """A label selector of Kubernetes as the inventory has it."""
    expressions = [
        {
            "key": each.required_text("key"),
            "operator": each.required_text("operator"),
            "values": each.texts("values") or None,
        }
        for each in selector.items("matchExpressions")
    ]
    item = {
        "matchLabels": selector.labels("matchLabels") or None,
        "matchExpressions": [_without_none(each) for each in expressions] or None,
    }
    return _without_none(item)


def _visibility(visibility: Fields) -> Item | None:
    """The policy where it counts for sidecars; ambient proxies, which it is for besides, are none of ours."""
    if not visibility.flag("applyToSidecars"):
        return None
    policies: list[Item] = []
    for policy in visibility.items("policies"):
        rules = list(policy.items("matchingRules"))
        # A rule without selector never matches (compileVisibilityRule, pilot/pkg/model/serviceentry_visibility.go).
        if all("namespaceSelector" in rule.keys() for rule in rules):  # noqa: SIM118 - not a mapping
            selectors = [label_selector(rule.at("namespaceSelector")) for rule in rules]
            policies.append(
                _without_none({"visibility": policy.text("visibility"), "namespaceSelectors": selectors or None})
            )
    return _without_none({"defaultVisibility": visibility.text("defaultVisibility"), "policies": policies or None})


def _without_none(item: Item) -> Item:
    return {key: value for key, value in item.items() if value is not None}


def switch(text: str | None) -> bool | None:
    """The boolean as strconv.ParseBool reads it, with which Istio reads its environment."""
    if text in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    return False if text in {"0", "f", "F", "false", "FALSE", "False"} else None
