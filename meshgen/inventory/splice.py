"""New content into a file that people edit: lines change where data changes, all else stays as it was written.

Works on lines and the positions of the parsed nodes. A comment above an item or field belongs to it, and so does one
below it that is indented deeper.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.lines import LINE_BREAK, split_lines
from meshgen.edits.layout import CannotSpliceError, comments_in, is_flow
from meshgen.inventory import render
from meshgen.inventory.facts import SECTIONS, key_of
from meshgen.load.nodes import plain_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meshgen.load.nodes import Node

_ORDER = ("ipFamilies", "istio", *SECTIONS)


@dataclass(slots=True)
class _Part:
    """An item of a list or a field of a mapping: the lines above that belong to it, and its own."""

    above: list[str]
    lines: list[str]
    first_line: int


@dataclass(slots=True)
class _Parts:
    parts: list[_Part]
    tail: list[str]
    """Blank lines and comments after the last part that are not indented deeper than it."""


def splice(old: str, root: Node, spec: Mapping[str, Any]) -> str:
    """`old`, the text of one Inventory that was parsed to `root`, with `spec` in it.

    Raises CannotSpliceError for layouts that lines cannot follow: the whole document in braces, line breaks of
    old systems.
    """
    if any(match[0] not in {"\n", "\r\n"} for match in LINE_BREAK.finditer(old)):
        raise CannotSpliceError
    ending = "\r\n" if "\r\n" in old else "\n"
    lines = old.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    if root.entries is None or is_flow(lines, root):
        raise CannotSpliceError
    start = min(span.line for span, _ in root.entries.values()) - 1
    if root.span.column != 1:
        raise CannotSpliceError
    end = next((n for n in range(start, len(lines)) if re.match(r"(---|\.\.\.)(\s|$)", lines[n])), len(lines))
    top = _split(lines, start, end, [span.line - 1 for span, _ in root.entries.values()], 0)
    out = lines[:start]
    for (key, (_, node)), part in zip(root.entries.items(), top.parts, strict=True):
        out += part.above
        out += _spec(lines, part, node, spec) if key == "spec" else part.lines
    if "spec" not in root.entries and spec:
        out += ["spec:", *(line for key, value in spec.items() for line in render.section(key, value, 2))]
    out += [*top.tail, *lines[end:]]
    return ending.join(out) + ending


def rewritten(old: str, root: Node, cluster: str, spec: Mapping[str, Any]) -> str:
    """The document written anew, with all comments of `old` on top of it."""
    comments = comments_in(split_lines(old), 0, root)
    return "\n".join([*comments, render.document(cluster, spec)])


def _spec(lines: list[str], part: _Part, node: Node, spec: Mapping[str, Any]) -> list[str]:
    if plain_value(node) == spec and _sorted(spec):
        return part.lines
    if not node.entries or is_flow(lines, node):
        body = [line for key, value in spec.items() for line in render.section(key, value, 2)]
        comments = comments_in(part.lines, part.first_line, node)
        return [*comments, "spec:" if body else "spec: {}", *body]
    column = node.span.column - 1
    begin = part.first_line + 1
    starts = [span.line - 1 for span, _ in node.entries.values()]
    inner = _split(lines, begin, part.first_line + len(part.lines), starts, column)
    written: dict[str, list[str]] = {}
    for (key, (_, value)), field in zip(node.entries.items(), inner.parts, strict=True):
        new = spec.get(key, {} if key == "istio" else [])
        written[key] = [*field.above, *_section(lines, field, key, value, new)]
    order = list(written)
    for key in spec:
        if key not in written:
            written[key] = render.section(key, spec[key], column)
            after = [name for name in order if name in _ORDER and _ORDER.index(name) < _ORDER.index(key)]
            order.insert(order.index(after[-1]) + 1 if after else 0, key)
    return [part.lines[0], *(line for key in order for line in written[key]), *inner.tail]


def _section(lines: list[str], part: _Part, key: str, node: Node, new: Any) -> list[str]:
    if plain_value(node) == new:
        return part.lines
    indent = _indent(part.lines[0])
    in_block = not is_flow(lines, node)
    # Comments on items go with them, so of a list that empties the line of its key counts alone.
    own = part.lines[:1] if in_block and not new else part.lines
    comments = [" " * indent + comment for comment in comments_in(own, part.first_line, node)]
    if not in_block or not new or (isinstance(new, list) and isinstance(new[0], str)):
        return [*comments, *render.section(key, new, indent), *_blank_end(part)]
    if node.entries:
        body = _fields(_under(lines, part, node, node.span.column - 1), node, new)
        return [part.lines[0], *body]
    if not node.items:
        return [*comments, *render.section(key, new, indent), *_blank_end(part)]
    dash = node.span.column - 1
    items = _under(lines, part, node, dash)
    wanted_items = {key_of(item): item for item in new}
    kept: dict[tuple[str, ...], list[str]] = {}
    for item, block in zip(node.items, items.parts, strict=True):
        data = plain_value(item)
        wanted = wanted_items.get(key_of(data)) if isinstance(data, dict) else None
        if wanted is not None:
            kept[key_of(wanted)] = _list_item(lines, block, key, item, wanted, dash)
    body = [line for item in new for line in kept.get(key_of(item)) or render.list_item(key, item, dash)]
    return [part.lines[0], *body, *items.tail]


def _list_item(lines: list[str], part: _Part, key: str, node: Node, new: Mapping[str, Any], dash: int) -> list[str]:
    if plain_value(node) == new:
        return [*part.above, *part.lines]
    column = node.span.column - 1
    if is_flow(lines, node) or not node.entries or part.first_line != node.span.line - 1:
        made = render.list_item(key, new, dash)
        return [*part.above, *_with_comments(made, part, node, dash)]
    # Without its dash the item is a mapping like any other. Its line was copied to where it counts already.
    lines[part.first_line] = part.lines[0][:dash] + " " + part.lines[0][dash + 1 :]
    begin = part.first_line
    starts = [span.line - 1 for span, _ in node.entries.values()]
    fields = _split(lines, begin, begin + len(part.lines), starts, column)
    body = _fields(fields, node, new)
    first = next(n for n, line in enumerate(body) if line.strip() and not line.lstrip().startswith("#"))
    above = [" " * dash + line.strip() for line in body[:first] if line.strip()]
    return [*part.above, *above, *render.dashed(body[first:], dash)]


def _fields(parts: _Parts, node: Node, new: Mapping[str, Any]) -> list[str]:
    """The lines of a block mapping whose fields become those of `new`."""
    entries = node.entries or {}
    column = node.span.column - 1
    written: dict[str, list[str]] = {}
    lost: list[str] = []
    for (key, (_, value)), part in zip(entries.items(), parts.parts, strict=True):
        if key not in new:
            lost += [line for line in part.above if line.strip()]
            lost += [" " * column + comment for comment in comments_in(part.lines, part.first_line, value)]
        elif plain_value(value) == new[key]:
            written[key] = [*part.above, *part.lines]
        else:
            made = render.field(key, new[key], column)
            written[key] = [*part.above, *_with_comments(made, part, value, column)]
    order = list(written)
    for position, key in enumerate(new):
        if key not in written:
            written[key] = render.field(key, new[key], column)
            before = [name for name in list(new)[:position] if name in order]
            order.insert(order.index(before[-1]) + 1 if before else 0, key)
    return [*lost, *(line for key in order for line in written[key]), *parts.tail]


def _with_comments(made: list[str], part: _Part, node: Node, indent: int) -> list[str]:
    """`made` in place of `part`, whose comments go on: behind the line where both are one line, else above."""
    comments = comments_in(part.lines, part.first_line, node)
    blank = _blank_end(part)
    if len(comments) == 1 and len(made) == 1 and len(part.lines) == 1 + len(blank):
        return [f"{made[0]}  {comments[0]}", *blank]
    return [*(" " * indent + comment for comment in comments), *made, *blank]


def _blank_end(part: _Part) -> list[str]:
    count = next((n for n, line in enumerate(reversed(part.lines)) if line.strip()), 0)
    return part.lines[len(part.lines) - count :]


def _under(lines: list[str], part: _Part, node: Node, column: int) -> _Parts:
    """The parts of a block list or mapping that stands below its key."""
    if node.items is not None:
        starts = [_dash_line(lines, item, column) for item in node.items]
    else:
        starts = [span.line - 1 for span, _ in (node.entries or {}).values()]
    if starts and starts[0] <= part.first_line:
        raise CannotSpliceError
    return _split(lines, part.first_line + 1, part.first_line + len(part.lines), starts, column)


def _dash_line(lines: list[str], item: Node, column: int) -> int:
    for number in range(item.span.line - 1, -1, -1):
        line = lines[number]
        if line[:column].strip() == "" and line[column : column + 1] == "-":
            return number
    raise CannotSpliceError


def _split(lines: list[str], begin: int, end: int, starts: Sequence[int], column: int) -> _Parts:
    """Cuts the lines from `begin` to `end` into parts that start at `starts`, whose content is at `column`."""
    if not starts or len(set(starts)) != len(starts) or list(starts) != sorted(starts) or starts[0] < begin:
        raise CannotSpliceError
    cuts = []
    for number, start in enumerate([*starts, end]):
        floor = begin if number == 0 else starts[number - 1] + 1
        cut = start
        while cut > floor and _outside(lines[cut - 1], column):
            cut -= 1
        if number:  # blank lines alone go with what is above them
            while cut < start and not lines[cut].strip():
                cut += 1
        cuts.append(cut)
    cuts[0] = begin
    parts = [_Part(lines[cuts[n] : start], lines[start : cuts[n + 1]], start) for n, start in enumerate(starts)]
    return _Parts(parts, lines[cuts[-1] : end])


def _outside(line: str, column: int) -> bool:
    stripped = line.strip()
    return not stripped or (stripped.startswith("#") and _indent(line) <= column)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _sorted(spec: Mapping[str, Any]) -> bool:
    lists = [value for name, value in spec.items() if name in SECTIONS]
    return all(value == sorted(value, key=key_of) for value in lists)
