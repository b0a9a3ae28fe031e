"""Two validators, one verdict: what jsonschema-rs decides in production is what jsonschema, the reference, decides."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.emit.artifact import Artifact, Schema
from meshgen.emit.yaml import pack
from meshgen.plan.model import Origin
from meshgen.verify import schemas
from tests.schemas.samples import KINDS, Object, schema_of, valid

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]

# Python's `$` also matches before a final line feed, so that no value ends with one.
TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=70) | st.sampled_from(
    ["", "*", "~", ".", "a", "a.b", "A", "1st", "10s", "0s", "1.2345s", "192.0.2.1", "2001:db8::1", "192.0.2", "unix:///x/",
     "503", "reset,503", "topology.istio.io/cluster", "*/bookinfo", "x" * 64, "é", "HTTP", "TLS", "DNS", "STATIC"],
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)


@cache
def reference(kind: str) -> jsonschema.Draft7Validator:
    schema = json.loads(schema_of(valid(kind)).read_text("utf-8"))
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def nudged(value: Any) -> st.SearchStrategy[Any]:
    """Values close to `value`: on either side of what the schema allows."""
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, int):
        return st.sampled_from([value - 1, value + 1, -value, value * 5, 0])
    if isinstance(value, str):
        return st.sampled_from([value[:-1], value[1:], f"{value}0", f"x{value}", f"{value}-", value.upper(), value * 9])
    return st.just(type(value)())


@st.composite
def mutated(draw: st.DrawFn, kind: str) -> Object:
    """The valid object with one to three values changed, removed, or added beside."""
    body = valid(kind)
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(sorted(places(body), key=str)))
        target: Any = body
        for step in parents:
            target = target[step]
        action = draw(st.sampled_from(["nudge", "nudge", "replace", "remove", "add", "repeat"]))
        if action == "nudge":
            target[last] = draw(nudged(target[last]))
        elif action == "replace":
            target[last] = draw(VALUES)
        elif action == "remove":
            del target[last]
        elif isinstance(target, dict):
            target[draw(TEXTS)] = target[last] if action == "repeat" else draw(VALUES)
        else:
            target.append(target[last] if action == "repeat" else draw(VALUES))
        if not body:
            break
    return body


def artifact(api_version: str, kind: str, metadata: dict[str, Any], body: Object) -> Artifact:
    """The body as the emitters hand it on, whatever is in it."""
    fields = {key: value for key, value in body.items() if key not in ("apiVersion", "kind", "metadata")}
    return Artifact("c1", "", b"", Origin("fleet"), None, Schema(api_version, kind), True, metadata, pack(fields))  # noqa: FBT003


def check_agreement(kind: str, data: st.DataObject) -> None:
    body = data.draw(mutated(kind))
    api_version, _, name = kind.partition(" ")
    ours = schemas.validator(api_version, name)
    assert ours is not None
    valid = reference(kind).is_valid(body)
    assert ours.is_valid(body) == valid, [e.message for e in reference(kind).iter_errors(body)]
    metadata = body.get("metadata")
    if (body.get("apiVersion"), body.get("kind")) == (api_version, name) and isinstance(metadata, dict):
        assert ours.takes(artifact(api_version, name, metadata, body)) == valid


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_both_validators_agree_on_changed_objects(kind: str, data: st.DataObject) -> None:
    check_agreement(kind, data)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=2000, deadline=None)
@given(data=st.data())
def test_both_validators_agree_on_very_many_changed_objects(kind: str, data: st.DataObject) -> None:
    check_agreement(kind, data)
