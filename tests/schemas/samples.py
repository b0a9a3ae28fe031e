"""Valid objects, one of each kind that meshgen emits, and ways to break them."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).parent
SCHEMAS = HERE.parent.parent / "schemas"

Object = dict[str, Any]


@cache
def _valid() -> dict[str, Object]:
    found: dict[str, Object] = {}
    for file in sorted((HERE / "valid").glob("*.yaml")):
        for document in YAML(typ="safe").load_all(file):
            found[f"{document['apiVersion']} {document['kind']}"] = document
    return found


KINDS = sorted(_valid())


def valid(kind: str) -> Object:
    """The valid object of `kind` (`apiVersion kind`), a copy of one's own."""
    return copy.deepcopy(_valid()[kind])


def schema_of(body: Object) -> Path:
    """The schema file of an object, by the rule that kubeconform's location template follows."""
    group, _, version = str(body["apiVersion"]).rpartition("/")
    return SCHEMAS / (group or version) / f"{body['kind'].lower()}_{version}.json"
