"""Which input made an output file, and each of its lines."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from meshgen.diagnostics.lines import split_lines
from meshgen.emit import written
from meshgen.emit.json import HEAD
from meshgen.emit.reasons import reason_for
from meshgen.emit.yaml import HEADER, is_block
from meshgen.views.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meshgen.calls import Calls
    from meshgen.diagnostics import Span
    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import Plan

_SHOWN = 3
_OF_FLEET = ("_delivery/", "_dns/")
"""Where files of the whole fleet stand."""


class Found(NamedTuple):
    """An artifact, and what wrote it."""

    emitter: Emitter
    artifact: Artifact


class Field(NamedTuple):
    """A line of a file, and the value on it."""

    line: int
    path: tuple[str, ...]
    value: Any
    """None: what follows below."""


class _Because(NamedTuple):
    text: str
    places: tuple[Span, ...]


def find(plan: Plan, path: str) -> Found | None:
    """The artifact whose file `path` names: below the output directory, or with directories before it."""
    wanted = path.replace("\\", "/")
    found: Found | None = None
    for cluster in plan.clusters:
        if f"{cluster.cluster}/" not in wanted and not any(top in wanted for top in _OF_FLEET):
            continue
        for emitter, artifact in written(plan, cluster):
            matches = wanted == artifact.path or wanted.endswith(f"/{artifact.path}")
            if matches and (found is None or len(artifact.path) > len(found.artifact.path)):
                found = Found(emitter, artifact)
    return found


def file(found: Found, calls: Calls, sources: Mapping[str, str], line: int | None = None) -> str:
    """The text about a file: what it is, the input behind it, and why each line says what it says.

    With a `line`: why that one does, and everything below it. Raises `ValueError` where the file has no such line.
    """
    artifact = found.artifact
    asking = _asking(calls, artifact.cluster) if artifact.path.endswith("/mesh-config.yaml") else {}
    inputs = Inputs(calls.relations, artifact, *(span for spans in asking.values() for span in spans))
    shown = fields(artifact)
    lines = artifact.content.decode().removesuffix("\n").split("\n")
    if line is None:
        head = [*_head(artifact, sources), *(f"asked for by {host}" for host in asking), ""]
        first = shown[0].line
    elif not 1 <= line <= len(lines):
        raise ValueError(f"`{artifact.path}` has {len(lines)} lines")
    else:
        chosen = next((field for field in shown if field.line == line), None)
        if chosen is None:
            return f"{line} | {lines[line - 1]}\n  = tells meshgen's files from others\n"
        below = [field for field in shown if field.path[: len(chosen.path)] == chosen.path and field.line >= line]
        shown = below if chosen.value is None else [chosen]
        head, first = [], line
    valued = [(field, _why(found.emitter.reasons, inputs, field)) for field in shown if field.value is not None]
    return "\n".join([*head, *_annotated(lines, first, valued, sources)]) + "\n"


def _annotated(
    lines: list[str], first: int, valued: Iterable[tuple[Field, _Because]], sources: Mapping[str, str]
) -> Iterator[str]:
    """The lines from `first` on, and under those with one reason the reason."""
    width = len(str(len(lines)))
    for because, group in groupby(valued, key=lambda pair: pair[1]):
        last = max(field.line for field, _ in group)
        yield from (f"{number:>{width}} | {lines[number - 1]}" for number in range(first, last + 1))
        yield f"{'':>{width}} = {because.text}"
        yield from (f"{'':>{width}}   {_source(span, sources)}" for span in because.places[:_SHOWN])
        if len(because.places) > _SHOWN:
            yield f"{'':>{width}}   and {len(because.places) - _SHOWN} more"
        first = last + 1


def _head(artifact: Artifact, sources: Mapping[str, str]) -> Iterator[str]:
    if artifact.schema is None:
        whose = f"cluster {artifact.cluster}" if artifact.cluster else "the fleet"
        yield f"{artifact.path.rpartition('/')[2]} of {whose}; not synced, for people to put there"
        yield ""
        return
    place = f"namespace {artifact.namespace}" if artifact.namespace else "no namespace"
    whose = f"cluster {artifact.cluster}" if artifact.synced else "where the fleet's engine runs"
    yield f"{artifact.kind} {artifact.name}, {place}, {whose}"
    if artifact.stage is not None:
        yield f"stage: {artifact.stage.name.lower().replace('_', ' ')}"
    yield f"source: {artifact.origin.name}"
    yield ""
    yield from (_source(span, sources) for span in artifact.origin.spans)


def _source(span: Span, sources: Mapping[str, str]) -> str:
    text = split_lines(sources.get(span.file, ""))
    return f"{span}  {text[span.line - 1].strip() if 0 < span.line <= len(text) else ''}"


def _why(reasons: Reasons, inputs: Inputs, field: Field) -> _Because:
    found = reason_for(reasons, field.path)
    if found is None:
        return _Because("nobody says why; please report it", ())
    _, reason = found
    places = inputs.places(reason, field.value)
    default = f"; by default {reason.default}" if reason.default and not places else ""
    return _Because(f"{reason.text}{default}", tuple(places))


def _asking(calls: Calls, cluster: str) -> dict[str, list[Span]]:
    """The hosts that ask for the mesh's retry policy in a cluster, and where each is exposed."""
    found: dict[str, list[Span]] = {}
    for call in calls.of(cluster).values():
        if call.retries == "mesh":
            exposures = [source for item in call.imports for source in item.sources]
            items = [item for source in exposures for item in (source.setting, source.workspace) if item is not None]
            found[call.host] = [span for item in items if (span := item.span()) is not None]
    return found


def fields(artifact: Artifact) -> list[Field]:
    """The fields of a file in the order of its lines: the writers give each key and each plain item one."""
    found: list[Field] = []
    if artifact.path.endswith(".json"):
        _json(artifact.body, (), found, HEAD.count("\n") + 2)
    else:
        _mapping(artifact.body, (), found, HEADER.count("\n") + 1)
    return found


def _json(value: Any, path: tuple[str, ...], found: list[Field], line: int) -> int:
    """Adds what is in a mapping or a list whose first line is `line`; returns the line of its closing bracket."""
    items = value.items() if isinstance(value, dict) else (("[]", item) for item in value)
    for key, item in items:
        nested = isinstance(item, dict | list) and bool(item)
        found.append(Field(line, (*path, key), None if nested else item))
        line = _json(item, (*path, key), found, line + 1) + 1 if nested else line + 1
    return line


def _mapping(mapping: dict[str, Any], path: tuple[str, ...], found: list[Field], line: int) -> int:
    for key, value in mapping.items():
        line = _value(value, (*path, key), found, line, own_line=True)
    return line


def _value(value: Any, path: tuple[str, ...], found: list[Field], line: int, *, own_line: bool) -> int:
    """Adds what is at `path`, from `line` on; returns the line after it.

    A mapping in a list has no line of its own: its first field stands behind the dash.
    """
    if not isinstance(value, dict | list) or not value:
        found.append(Field(line, path, value))
        return line + 1 + (value.count("\n") if isinstance(value, str) and is_block(value) else 0)
    if own_line:
        found.append(Field(line, path, None))
        line += 1
    if isinstance(value, dict):
        return _mapping(value, path, found, line)
    for item in value:
        line = _value(item, (*path, "[]"), found, line, own_line=False)
    return line
