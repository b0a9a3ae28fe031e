"""The published JSON Schemas: fresh, valid, closed, and of one mind with the models.

`UPDATE=1 pytest tests/load/test_schema.py` writes the files anew after a change of the models.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from meshgen.language.schema import file_names, schema_of
from meshgen.load.documents import KINDS
from tests.load.support import FLEET, document, typed

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "schemas" / "meshgen.io"
FILES = file_names()
NAMES = sorted(FILES)

WORKSPACE = '{namespaceSelector: {names: ["*/a"]}, %s}'
VALID = [
    FLEET,
    FLEET + "  clusters: [{name: a, network: '', podCIDRs: [10.0.0.0/8]}]\n  istio: {version: '1.30'}\n",
    document("Cluster", "a"),
    document("Gateway", "g", "{name: g, namespace: a}").replace("name: g, namespace", "namespace"),
    document("Workspace", "w", WORKSPACE % "exposedServices: [a.b.svc.cluster.local, {host: c.b.svc.cluster.local}]"),
    document("Workspace", "w", WORKSPACE % "failover: {retries: {mode: 'off', attempts: 3, perTryTimeout: 250ms}}"),
    document(
        "PublishedHost",
        "a.example.com",
        "{workspace: w, service: a.b.svc.cluster.local, ingressGateway: {name: g, namespace: g}}",
    ),
    document("Inventory", "a", "{services: [{name: s, namespace: b, ports: [{port: 1, targetPort: http}]}]}"),
    document("Inventory", "a").replace("spec: {}\n", ""),
]
INVALID = [
    FLEET.replace("platform: istio", "platform: kuma"),
    FLEET.replace("io/v1", "io/v2"),
    FLEET + "  unknown: 1\n",
    FLEET + "  clusters: [{name: a, zones: }]\n",
    FLEET + "  istio: {version: 1.30}\n",
    FLEET + "  accept: [{code: MG301, object: x}]\n",
    FLEET.replace("metadata: {name: demo}\n", ""),
    document("Cluster", "_a"),
    document("Cluster", "a", "{name: a}"),
    document("Gateway", "g"),
    document("Gateway", "g", "{namespace: a, port: 65536}"),
    document("Workspace", "w").replace("spec: {}\n", ""),
    document("Workspace", "w", "{namespaceSelector: {names: []}}"),
    document("Workspace", "w", WORKSPACE % "exposedServices: [No_Host]"),
    document("Workspace", "w", WORKSPACE % "exposedServices: [1]"),
    document("Workspace", "w", WORKSPACE % "failover: {enabled: 'yes'}"),
    document("Inventory", "a", "[]"),
    document("Inventory", "a", "{services: [{name: s, namespace: b, ports: [{port: 1, targetPort: []}]}]}"),
]


def validator(name: str) -> Draft7Validator:
    return Draft7Validator(json.loads((FOLDER / name).read_text(encoding="utf-8")))


def value(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text.removeprefix("---\n"))


def accepted_by_schemas(text: str) -> list[bool]:
    document = value(text)
    return [validator(name).is_valid(document) for name in (f"{document['kind'].lower()}_v1.json", "fleet-file.json")]


def test_the_files_are_those_of_the_models() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_what_the_models_give_today(name: str) -> None:
    if os.environ.get("UPDATE"):
        (FOLDER / name).write_text(FILES[name], encoding="utf-8")
    assert (FOLDER / name).read_text(encoding="utf-8") == FILES[name]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_a_schema_of_draft_7(name: str) -> None:
    schema = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_every_mapping_is_closed_and_every_field_is_described(kind: str) -> None:
    def parts(part: Any) -> Iterator[dict[str, Any]]:
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from parts(inner)
        if isinstance(part, dict):
            yield part

    for part in parts(schema_of(kind)):
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert all({"title", "description"} <= field.keys() for field in part["properties"].values())
        assert part.get("type") != "null"


@pytest.mark.parametrize("text", VALID)
def test_schemas_and_models_accept(text: str, tmp_path: Path) -> None:
    assert accepted_by_schemas(text) == [True, True]
    assert typed(tmp_path, text if "kind: Fleet" in text else FLEET + text)[1] == []


@pytest.mark.parametrize("text", INVALID)
def test_schemas_and_models_refuse(text: str, tmp_path: Path) -> None:
    assert accepted_by_schemas(text) == [False, False]
    _, found = typed(tmp_path, text if "kind: Fleet" in text else FLEET + text)
    assert [diagnostic.severity for diagnostic in found] == ["error"]
