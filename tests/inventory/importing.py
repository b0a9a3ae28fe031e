# ruff: noqa: E501 - manifests as they are, on one line
"""What the tests of the inventory share: manifests as text in, facts or findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.several import ordered
from meshgen.inventory.collect import collect
from meshgen.inventory.file import invalid_facts
from meshgen.inventory.merge import merge
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from meshgen.diagnostics import Diagnostic
    from meshgen.inventory.facts import Facts


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n"


def collected(*texts: str, namespace: str = "default") -> tuple[Facts, list[Diagnostic]]:
    nodes = []
    findings: list[Diagnostic] = []
    for number, text in enumerate(texts, 1):
        parsed = parse(text, "in.yaml" if len(texts) == 1 else f"in{number}.yaml", merge_keys=True)
        findings += parsed.diagnostics
        nodes += [node for node, _ in parsed.documents]
    facts, found = collect(nodes, namespace)
    findings += found
    findings += invalid_facts(facts, findings)
    return facts, ordered(findings)


def facts_of(*texts: str, namespace: str = "default") -> Facts:
    facts, findings = collected(*texts, namespace=namespace)
    assert findings == []
    return facts


def spec_of(*texts: str, namespace: str = "default") -> dict[str, Any]:
    return merge({}, facts_of(*texts, namespace=namespace))


def findings_of(*texts: str) -> list[str]:
    return [f"{found.span} {found.code}: {found.message}" for found in collected(*texts)[1]]


def deployment(account: str = "x", *, labels: str = "{app: a}", name: str = "a", extra: str = "") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n"
        f"    metadata: {{labels: {labels}{extra}}}\n    spec: {{serviceAccountName: {account}}}\n"
    )


def service(*texts: str) -> dict[str, Any]:
    (found,) = spec_of(*texts)["services"]
    assert isinstance(found, dict)
    return found
