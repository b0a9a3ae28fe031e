from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from meshgen.language.mistakes import PATTERNS
from meshgen.language.schema import combined
from tests.load.support import FLEET, codes, document, typed

if TYPE_CHECKING:
    from pathlib import Path


def test_lists_and_documents_are_merged_by_name(tmp_path: Path) -> None:
    text = FLEET + "  clusters:\n  - {name: c}\n  - {name: a}\n" + document("Cluster", "b", "{region: eu}")
    fleet, diagnostics = typed(tmp_path, text + document("Inventory", "a"))
    assert diagnostics == []
    assert fleet is not None
    assert (fleet.name, [cluster.name for cluster in fleet.clusters]) == ("demo", ["a", "b", "c"])
    assert list(fleet.inventories) == ["a"]


def test_a_text_is_the_short_form_of_an_exposed_service(tmp_path: Path) -> None:
    host = "details.bookinfo.svc.cluster.local"
    spec = f'\n  namespaceSelector: {{names: ["*/a"]}}\n  exposedServices:\n  - {host}\n  - {{host: {host}}}'
    fleet, diagnostics = typed(tmp_path, FLEET + document("Workspace", "w", spec))
    assert diagnostics == []
    assert fleet is not None
    short, long = fleet.workspaces[0].exposed_services or []
    assert short.model_dump() == long.model_dump()
    assert [str(service.span("host")).rsplit("/", 1)[1] for service in (short, long)] == [
        "fleet.yaml:13:5",
        "fleet.yaml:14:12",
    ]


def test_a_document_stands_at_its_name_and_its_fields_at_their_places(tmp_path: Path) -> None:
    fleet, _ = typed(tmp_path, FLEET + document("Cluster", "b", "{region: eu}"))
    assert fleet is not None
    (cluster,) = fleet.clusters
    assert [str(span).rsplit("/", 1)[1] for span in (cluster.span(), cluster.span("region"))] == [
        "fleet.yaml:9:18",
        "fleet.yaml:10:16",
    ]


def test_there_is_no_fleet_after_an_error_of_reading(tmp_path: Path) -> None:
    fleet, diagnostics = typed(tmp_path, FLEET + "---\nkind: [\n")
    assert (fleet, codes(diagnostics)) == (None, ["MG005"])


def test_there_is_a_fleet_after_a_warning(tmp_path: Path) -> None:
    fleet, diagnostics = typed(tmp_path, FLEET + "  clusters:\n  - {name: y}\n")
    assert (fleet is not None, codes(diagnostics)) == (True, ["MG110"])


def test_MG112_fires_when_the_fleet_is_for_a_later_meshgen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshgen.language.typed.__version__", "1.2.3")
    _, (found,) = typed(tmp_path, FLEET + '  requiredVersion: ">=2"\n')
    assert (found.code, found.message) == ("MG112", "the fleet must be built by meshgen `>=2`, but this is 1.2.3")
    assert str(found.span).endswith("fleet.yaml:6:20")


def test_MG112_fires_beside_other_mistakes_that_the_later_meshgen_may_not_see(tmp_path: Path) -> None:
    _, diagnostics = typed(tmp_path, FLEET + '  requiredVersion: ">=1000"\n  newField: 1\n')
    assert codes(diagnostics) == ["MG112", "MG100"]


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0rc1"])
def test_MG112_silent_when_the_version_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr("meshgen.language.typed.__version__", version)
    assert typed(tmp_path, FLEET + '  requiredVersion: ">=2,<3"\n')[1] == []


def test_every_pattern_of_the_models_is_explained_in_words() -> None:
    patterns = set(re.findall(r"'pattern': '((?:[^'\\]|\\.)*)'", str(combined())))
    assert patterns
    assert {pattern.replace("\\\\", "\\") for pattern in patterns} == set(PATTERNS)
