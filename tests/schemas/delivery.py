"""The schemas of the kinds that deliver the output (Argo CD's ApplicationSet); tests only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema_rs

from tests.schemas.samples import DELIVERY, schema_of

if TYPE_CHECKING:
    from tests.schemas.samples import Object


def refusals(body: Object) -> list[str]:
    """What the closed schema of a delivery object refuses in it, as `pointer: text`; an unknown kind is refused too."""
    file = schema_of(body, DELIVERY)
    if not file.is_file():
        return [f"/: no schema {file.relative_to(DELIVERY)}"]
    check = jsonschema_rs.Draft7Validator(json.loads(file.read_text("utf-8")), validate_formats=True)
    return sorted(f"/{'/'.join(map(str, error.instance_path))}: {error.message}" for error in check.iter_errors(body))
