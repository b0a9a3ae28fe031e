"""The role in the how-to lets its user read every kind that meshgen emits, and nothing more than read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.platforms import platform_names
from meshgen.running.command import kinds
from tests.fleets import read

if TYPE_CHECKING:
    from meshgen.emit.artifact import Schema

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "why-does-it-not-reach.md"
PLURALS = {"Gateway": "gateways", "ServiceEntry": "serviceentries", "WorkloadEntry": "workloadentries"}


def _plural(schema: Schema) -> str:
    return PLURALS.get(schema.kind, f"{schema.kind.lower()}s")


def _rules() -> list[dict[str, list[str]]]:
    (block,) = re.findall(r"```yaml\n(apiVersion: rbac.*?)```", PAGE.read_text(), re.DOTALL)
    rules: list[dict[str, list[str]]] = read(block)["rules"]
    return rules


def test_every_emitted_kind_may_be_listed() -> None:
    allowed = {
        (group, resource)
        for rule in _rules()
        if {"get", "list"} <= {*rule["verbs"]}
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    emitted = {schema for platform in platform_names() for schema in kinds(platform)}
    assert [s for s in emitted if not {(s.group, _plural(s)), (s.group, "*")} & allowed] == []


def test_nothing_may_be_written_and_no_secret_be_read() -> None:
    assert {verb for rule in _rules() for verb in rule["verbs"]} == {"get", "list"}
    assert not any(
        {"secrets", "pods/exec", "pods/portforward", "services/proxy"} & {*rule["resources"]} for rule in _rules()
    )
    assert not any("*" in rule["resources"] and "" in rule["apiGroups"] for rule in _rules())
