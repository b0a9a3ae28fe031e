"""The schemas of the emitted kinds: where they are, and their compiled validators."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from meshgen.emit.yaml import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact

TEMPLATE = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
"""The layout of the directory in kubeconform's words."""

MASK = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for the value in a validator's messages, which would else repeat whole objects."""


@cache
def directory() -> Path:
    """The directory of the schemas: in the package when it is installed, beside it in a checkout.

    Raises FileNotFoundError when it is in neither place: a broken installation.
    """
    package = Path(str(resources.files("meshgen")))
    for place in (package / "schemas", package.parent / "schemas"):
        if (place / "v1").is_dir():
            return place
    raise FileNotFoundError(f"{package / 'schemas'}: the schemas of meshgen are missing")


def file_of(api_version: str, kind: str) -> str:
    """Where the schema of a kind stands below `directory()`. Core's group is called `v1`, as kubeconform does."""
    group, _, version = api_version.rpartition("/")
    return f"{group or version}/{kind.lower()}_{version}.json"


_APART = ("apiVersion", "kind", "metadata")


class Validator:
    """The schema of a kind, compiled; metadata apart from the fields after it, which many objects have alike.

    That is the same as judging the whole, since the schemas say nothing about two properties together.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self._whole = _compiled(schema)
        self._metadata = _compiled(schema["properties"]["metadata"])
        properties = {name: value for name, value in schema["properties"].items() if name not in _APART}
        required = [name for name in schema["required"] if name not in _APART]
        fields = _compiled(schema | {"properties": properties, "required": required})
        self._fields_are_valid = lru_cache(maxsize=2**14)(lambda packed: fields.is_valid(unpack(packed)))

    def is_valid(self, body: dict[str, Any]) -> bool:
        """Whether the schema takes an object."""
        return self._whole.is_valid(body)

    def takes(self, artifact: Artifact) -> bool:
        """Whether the schema takes an artifact of its kind: as `is_valid` of its body, and faster."""
        return self._metadata.is_valid(artifact.metadata) and self._fields_are_valid(artifact.packed)

    def errors(self, body: dict[str, Any]) -> Iterator[jsonschema_rs.ValidationError]:
        """Everything that the schema refuses in the object."""
        return iter(self._whole.iter_errors(body))


@cache
def validator(api_version: str, kind: str) -> Validator | None:
    """The validator of a kind, compiled at its first use; None when there is no schema."""
    try:
        text = (directory() / file_of(api_version, kind)).read_text("utf-8")
    except FileNotFoundError:
        return None
    return Validator(json.loads(text))


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(
        schema,
        validate_formats=True,
        mask=MASK,
        # Linear in time whatever the text, and the engine that Kubernetes' patterns are written for has no more.
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )
