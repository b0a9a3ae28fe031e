"""Help does not lead into the next error: what it proposes is taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.load.support import FLEET, document, typed

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = '{namespaceSelector: {names: ["*/a"]}, failover: {%s}}'


@pytest.mark.parametrize("written", ["2", '"2"', "0.5", "250", '"250"'])
@pytest.mark.parametrize(
    "field",
    [
        "retries: {perTryTimeout: %s}",
        "outlierDetection: {interval: %s}",
        "outlierDetection: {baseEjectionTime: %s}",
    ],
)
def test_a_duration_without_a_unit(tmp_path: Path, field: str, written: str) -> None:
    (found,) = typed(tmp_path, FLEET + document("Workspace", "a", WORKSPACE % (field % written)))[1]
    proposed = re.findall("`([^`]+)`", found.help)
    assert proposed[0] == written.strip('"') + "s"
    for text in proposed:
        assert typed(tmp_path, FLEET + document("Workspace", "a", WORKSPACE % (field % text)))[1] == []


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("istio: {version: 1.30}", 'Quote it: `"1.30"`.'),
        (
            "istio: {revision: 1.30}",
            "Use lower-case letters, digits and `-`, with a letter or digit at both ends, at most 63.",
        ),
        (
            "gateways: [{name: 1, namespace: a}]",
            "Use lower-case letters, digits and `-`, with a letter first and no `-` last, at most 63.",
        ),
        ("gateways: [{name: a, namespace: 1}]", 'Quote it: `"1"`.'),
    ],
)
def test_a_number_is_to_be_quoted_only_where_that_will_do(tmp_path: Path, text: str, proposed: str) -> None:
    (found,) = typed(tmp_path, FLEET + f"  {text}\n")[1]
    assert (found.code, found.help) == ("MG103", proposed)


def test_an_item_that_stands_too_deep(tmp_path: Path) -> None:
    hosts = "- a.b.svc.cluster.local\n    - c.b.svc.cluster.local"
    workspace = document("Workspace", "a", f'\n  namespaceSelector: {{names: ["*/a"]}}\n  exposedServices:\n  {hosts}')
    (found,) = typed(tmp_path, FLEET + workspace)[1]
    assert found.code == "MG106"
    assert found.help == "Indent each `- ` of a list alike: one that stands deeper continues the text above it."
    assert typed(tmp_path, FLEET + workspace.replace("    - c", "  - c"))[1] == []
