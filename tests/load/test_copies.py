"""Backup copies of fleet files, and manifests, in the directory of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.language.typed import typed_fleet
from meshgen.load import load
from tests.load.support import FLEET, document

if TYPE_CHECKING:
    from pathlib import Path

LISTS = f"{FLEET}  clusters: [{{name: a}}, {{name: b}}]\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: details}\n"


def said(directory: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    loaded, diagnostics = load(directory)
    found = diagnostics + typed_fleet(loaded)[1]
    return [f"{item.code}: {item.message}".replace(f"{directory}/", "") for item in found]


@pytest.mark.parametrize("copy", ["fleet-backup.yaml", "fleet (1).yml", "fleet.bak.yaml", "zzz.yaml", "old/fleet.yaml"])
def test_MG067_fires_alone_for_a_copy_of_the_fleet(tmp_path: Path, copy: str) -> None:
    files = {"fleet.yaml": LISTS, copy: LISTS.replace(", {name: b}", "")}
    assert said(tmp_path, files) == [f"MG067: `{copy}` is a copy of `fleet.yaml`"]


def test_MG067_fires_once_for_a_copied_directory(tmp_path: Path) -> None:
    files = {"fleet.yaml": FLEET, "clusters.yaml": document("Cluster", "a") + document("Cluster", "b")}
    files["team.yaml"] = document("Inventory", "a")
    assert said(tmp_path, {**files, **{f"backup/{name}": text for name, text in files.items()}}) == [
        "MG067: 3 files are copies of others in the fleet: `backup/clusters.yaml` is a copy of `clusters.yaml`"
    ]


def test_MG067_silent_for_one_document_of_the_same_name(tmp_path: Path) -> None:
    files = {"fleet.yaml": FLEET, "a.yaml": document("Cluster", "a"), "b.yaml": document("Cluster", "a")}
    assert said(tmp_path, files) == ["MG109: cluster `a` stands twice in the fleet"]


def test_MG066_fires_once_with_a_place_for_each_file(tmp_path: Path) -> None:
    files = {"fleet.yaml": f"{FLEET}---\n{SERVICE}", "k8s.yaml": f"{SERVICE}---\n{SERVICE}---\n{SERVICE}"}
    assert said(tmp_path, files) == ["MG066: Service `details` and 3 more are no documents of a fleet"]
    (found,) = load(tmp_path)[1]
    assert [(str(note.span).removeprefix(f"{tmp_path}/"), note.text) for note in found.notes] == [
        ("k8s.yaml:2:7", "Service `details` and 2 more")
    ]


def test_a_list_of_manifests_has_no_name(tmp_path: Path) -> None:
    files = {"fleet.yaml": FLEET, "dump.yaml": "apiVersion: v1\nkind: List\nitems: []\n"}
    assert said(tmp_path, files) == ["MG066: List is no document of a fleet"]
