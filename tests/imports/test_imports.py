"""Runs `tests/imports/*.yaml`: manifests of two clusters, imported as a person would, and what the build then says.

A case has the manifests of `west` and `east` and a `fleet`. What a case leaves out is the base's, a manifest that it
names replaces the base's of the same kind, namespace and name; `without` names those (`west/Kind/name`) that go.
`findings` are all but hints; `inventory` and `objects` hold what has to be among the facts of a cluster and in the
emitted objects (`cluster/Kind/name`), null: no such field.
"""

from __future__ import annotations

import json
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from meshgen.inventory import render
from tests.fleets import compiled, fleet
from tests.inventory.importing import spec_of

HERE = Path(__file__).parent
KEYS = {"name", "west", "east", "without", "fleet", "findings", "inventory", "objects"}
CLUSTERS = ("west", "east")


def _load(text: str) -> list[Any]:
    return [document for document in YAML(typ="safe", pure=True).load_all(text) if document]


BASE = YAML(typ="safe", pure=True).load(HERE / "base.yaml")


def _manifests(base: str, own: str, without: set[str]) -> str:
    """The documents of both, those of `own` in the place of the base's, as kubectl prints a list."""
    chosen = {}
    kept = [item for item in _load(base) if f"{item['kind']}/{item['metadata']['name']}" not in without]
    for item in (*kept, *_load(own)):
        metadata = item["metadata"]
        chosen[item["apiVersion"], item["kind"], metadata.get("namespace"), metadata["name"]] = item
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(chosen.values())})


def manifests(case: dict[str, Any], cluster: str) -> str:
    """All of a cluster in a case."""
    gone = {each.removeprefix(f"{cluster}/") for each in case.get("without", []) if each.startswith(f"{cluster}/")}
    return _manifests(BASE["manifests"][cluster], case.get(cluster, ""), gone)


def cases() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        if path.name == "base.yaml":
            continue
        for case in YAML(typ="safe", pure=True).load(path):
            assert set(case) <= KEYS, f"{path}: unknown keys {set(case) - KEYS}"
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def _holds(actual: Any, wanted: Any, path: str = "") -> None:
    """Fails unless `actual` has what `wanted` says; lists are compared item by item."""
    if isinstance(wanted, dict):
        assert isinstance(actual, dict), path
        for key, value in wanted.items():
            if value is None:
                assert key not in actual, f"{path}/{key}"
            else:
                assert key in actual, f"{path}/{key}"
                _holds(actual[key], value, f"{path}/{key}")
    elif isinstance(wanted, list) and wanted and isinstance(wanted[0], dict):
        assert len(actual) == len(wanted), f"{path}: {actual}"
        for index, value in enumerate(wanted):
            _holds(actual[index], value, f"{path}/{index}")
    else:
        assert actual == wanted, path


@pytest.mark.parametrize("case", cases())
def test_the_build_says_what_is_right(case: dict[str, Any]) -> None:
    specs = {name: spec_of(manifests(case, name)) for name in CLUSTERS}
    for name, wanted in case.get("inventory", {}).items():
        _holds(specs[name], wanted, name)
    written = fleet(case.get("fleet", BASE["fleet"]))
    inventories = [render.document(name, specs[name]) for name in CLUSTERS]
    result = compiled(written, "---\n".join(inventories))
    said = [f"{item.severity} {item.code}: {item.message}" for item in result.diagnostics if item.severity != "hint"]
    assert sorted(said) == sorted(case.get("findings", []))
    for name, wanted in case.get("objects", {}).items():
        cluster, kind, object_name = name.split("/")
        objects = sorted(result.manifests(kind, cluster=cluster), key=attrgetter("name"))
        found = [item.body for item in objects if item.name.startswith(object_name)]
        if wanted is None:
            assert found == [], name
        else:
            assert found, name
            _holds(found[0], wanted, name)
