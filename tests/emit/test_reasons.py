"""Every emitted field has a reason, and every reason a field."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshgen.emit import written
from meshgen.emit.delivery import DeliveryEmitter
from meshgen.emit.reasons import Reason, reason_for
from meshgen.emit.registry import DELIVERY, EVERYWHERE, GATE, OF_PLATFORM
from meshgen.pipeline import plan_fleet
from meshgen.platforms import platform_names
from meshgen.views.file import fields
from tests.dns.fleets import EVERY_PROVIDER, ROUTE53
from tests.emit.maximal import maximal
from tests.fleets import compiled

if TYPE_CHECKING:
    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter

ROOT = Path(__file__).parents[2]
FLEETS = [ROOT / "fleet", *sorted((ROOT / "examples").glob("*/fleet"))]
GROUPS = (EVERYWHERE, *OF_PLATFORM.values(), (GATE,), DELIVERY)
EMITTERS = {id(emitter): emitter for group in GROUPS for emitter in group}


@cache
def everything() -> list[tuple[Emitter, Artifact]]:
    """What all examples and the maximal fleets emit, and what writes it."""
    plans = [plan for fleet in FLEETS if (plan := plan_fleet(fleet).plan) is not None]
    assert len(plans) == len(FLEETS)
    plans += [found.plan for found in maximal()]
    plans += [compiled(*EVERY_PROVIDER).plan, compiled(*ROUTE53).plan]
    return [pair for plan in plans for cluster in plan.clusters for pair in written(plan, cluster)]


def emitted(emitter: Emitter) -> set[tuple[str, ...]]:
    """The paths of all values that an emitter wrote."""
    artifacts = [artifact for wrote, artifact in everything() if wrote is emitter]
    return {field.path for artifact in artifacts for field in fields(artifact) if field.value is not None}


def described(emitter: Emitter) -> str:
    schema = getattr(emitter, "schema", None)
    if schema:
        return f"{schema.kind}.{schema.group}"
    if isinstance(emitter, DeliveryEmitter):
        return f"{emitter.engine} {emitter.sort.kind or 'files'}"
    return type(emitter).__name__


def test_the_maximal_fleets_have_no_errors_and_one_for_each_platform() -> None:
    assert {found.plan.platform for found in maximal()} == set(platform_names())
    assert [found.errors for found in maximal()] == [[]] * len(maximal())


@pytest.mark.parametrize("emitter", EMITTERS.values(), ids=described)
def test_every_emitter_writes_something_in_them(emitter: Emitter) -> None:
    assert any(wrote is emitter for wrote, _ in everything())


@pytest.mark.parametrize("emitter", EMITTERS.values(), ids=described)
def test_every_field_that_is_emitted_has_a_reason(emitter: Emitter) -> None:
    paths = emitted(emitter)
    assert sorted(path for path in paths if reason_for(emitter.reasons, path) is None) == []


@pytest.mark.parametrize("emitter", EMITTERS.values(), ids=described)
def test_no_reason_is_for_a_field_that_nothing_emits(emitter: Emitter) -> None:
    paths = emitted(emitter)
    used = {found[0] for path in paths if (found := reason_for(emitter.reasons, path)) is not None}
    assert sorted(set(emitter.reasons) - used) == []


@pytest.mark.parametrize("emitter", EMITTERS.values(), ids=described)
def test_a_reason_is_for_less_than_the_whole_object(emitter: Emitter) -> None:
    assert not {"spec", "metadata", "metadata labels", "metadata annotations"} & set(emitter.reasons)


@pytest.mark.parametrize("emitter", EMITTERS.values(), ids=described)
def test_the_inputs_of_a_reason_are_fields_of_the_language(emitter: Emitter) -> None:
    for reason in emitter.reasons.values():
        for wanted in reason.inputs:
            assert wanted.field.partition(".")[0] in wanted.item.model_fields, wanted


def test_every_field_has_its_own_line() -> None:
    for _, artifact in everything():
        lines = artifact.content.decode().splitlines()
        found = fields(artifact)
        head, brackets = (2, "[]{},") if artifact.path.endswith(".json") else (1, "")
        own = [number for number, line in enumerate(lines, 1) if number > head and line.strip(f" {brackets}")]
        opened = [field.line for field in found if field.path[-1] == "[]" and field.value is None]
        blocks = {
            field.line + below
            for field in found
            if isinstance(field.value, str) and lines[field.line - 1].endswith(" |")
            for below in range(1, field.value.count("\n") + 1)
        }
        assert sorted({*own, *opened} - blocks) == [field.line for field in found], artifact.path
        for field in found:
            key = next(step for step in reversed(field.path) if step != "[]")
            if field.path[-1] != "[]":
                assert key in lines[field.line - 1]


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        (("a", "b"), "a b"),
        (("a", "b", "d"), "a b"),
        (("a", "b", "c"), "a * c"),
        (("a", "x"), "a *"),
        (("a", "x", "c"), "a * c"),
        (("a",), None),
        (("b", "a"), None),
    ],
)
def test_the_longest_path_decides_then_the_one_with_fewer_stars(path: tuple[str, ...], pattern: str | None) -> None:
    reasons = {name: Reason(name) for name in ("a b", "a *", "a * c")}
    found = reason_for(reasons, path)
    assert (found and found[0]) == pattern
