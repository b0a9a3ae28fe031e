"""The schemas of the emitted kinds: where they are, and their compiled validators."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path

import jsonschema_rs

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


@cache
def validator(api_version: str, kind: str) -> jsonschema_rs.Draft7Validator | None:
    """The validator of a kind, compiled at its first use; None when there is no schema."""
    try:
        text = (directory() / file_of(api_version, kind)).read_text("utf-8")
    except FileNotFoundError:
        return None
    return jsonschema_rs.Draft7Validator(
        json.loads(text),
        validate_formats=True,
        mask=MASK,
        # Linear in time whatever the text, and the engine that Kubernetes' patterns are written for has no more.
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )
