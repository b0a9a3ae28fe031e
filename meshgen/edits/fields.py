"""One field or item of a YAML text is put in, taken out or replaced; every other character stays.

Each function takes a text and a node that it was parsed to, and gives the next text. What one of them put in, its
counterpart takes out again without a trace. All raise CannotSpliceError where the layout is one that they do not know:
line breaks of old systems, a field behind the dash of its item. Where an alias stands for a node nothing is noticed, so
a caller compares what the next text says with what it is to say (`says`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics.lines import LINE_BREAK
from meshgen.edits.layout import CannotSpliceError, comments_in, is_flow
from meshgen.load.nodes import plain_value
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.load.nodes import Node, Plain


def with_field(text: str, mapping: Node, key: str, value: str, place: int) -> str:
    """`key: value` as the field at `place` of a mapping; in block style not the first.

    `value` is YAML in flow style, or lines that begin with a line break.
    """
    written = _Text(text)
    entries = list((mapping.entries or {}).values())
    if is_flow(written.lines, mapping):
        return written.with_part(mapping, [node for _, node in entries], f"{key}: {value}", place)
    if not 0 < place <= len(entries):
        raise CannotSpliceError
    span, node = entries[place - 1]
    pad = " " * (mapping.span.column - 1)
    return written.with_lines(max(span.line, node.span.end_line), f"{pad}{key}: {value}".replace(": \n", f":\n{pad}"))


def without_field(text: str, mapping: Node, key: str) -> str:
    """A mapping without one of its fields, which in block style may not be the only one; its comments stay."""
    written = _Text(text)
    entries = mapping.entries or {}
    if is_flow(written.lines, mapping):
        spans = [(span.line, span.column, node.span.end_line, node.span.end_column) for span, node in entries.values()]
        return written.without_part(spans, list(entries).index(key))
    span, node = entries[key]
    if len(entries) == 1:
        raise CannotSpliceError
    return written.without_lines(span.line, max(span.line, node.span.end_line), span.column - 1, node)


def with_item(text: str, sequence: Node, value: str) -> str:
    """A list with one more item at its end; `value` is YAML in flow style."""
    written = _Text(text)
    items = sequence.items or []
    if is_flow(written.lines, sequence):
        return written.with_part(sequence, items, value, len(items))
    last = items[-1].span
    return written.with_lines(last.end_line, " " * written.dash(items[-1]) + f"- {value}")


def without_item(text: str, sequence: Node, place: int) -> str:
    """A list without one of its items, which in block style may not be the only one; its comments stay."""
    written = _Text(text)
    items = sequence.items or []
    if is_flow(written.lines, sequence):
        spans = [(item.span.line, item.span.column, item.span.end_line, item.span.end_column) for item in items]
        return written.without_part(spans, place)
    item = items[place]
    if len(items) == 1:
        raise CannotSpliceError
    return written.without_lines(item.span.line, item.span.end_line, written.dash(item), item)


def replaced(text: str, node: Node, value: str) -> str:
    """`value` in the place of a scalar or of a node in flow style."""
    written = _Text(text)
    if not is_flow(written.lines, node):
        raise CannotSpliceError
    start, end = written.at(node.span.line, node.span.column), written.at(node.span.end_line, node.span.end_column)
    return text[:start] + value + text[end:]


def source(text: str, node: Node) -> str:
    """The characters of a scalar or of a node in flow style."""
    written = _Text(text)
    return text[written.at(node.span.line, node.span.column) : written.at(node.span.end_line, node.span.end_column)]


def says(text: str, documents: Sequence[Plain]) -> bool:
    """Whether a text reads as these documents."""
    parsed = parse(text, "new")
    return not parsed.diagnostics and [plain_value(root) for root, _ in parsed.documents] == list(documents)


class _Text:
    def __init__(self, text: str) -> None:
        if any(match[0] not in {"\n", "\r\n"} for match in LINE_BREAK.finditer(text)):
            raise CannotSpliceError
        self._text = text
        self._ending = "\r\n" if "\r\n" in text else "\n"
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1

    def dash(self, item: Node) -> int:
        """The column of the dash of an item in block style, from 0."""
        before = self.lines[item.span.line - 1][: item.span.column - 1]
        if before.strip() != "-":
            raise CannotSpliceError
        return before.index("-")

    def with_part(self, whole: Node, parts: Sequence[Node], part: str, place: int) -> str:
        if place == 0:
            at = self.at(whole.span.line, whole.span.column) + 1
            part = f"{part}, " if parts else part
        else:
            span = parts[place - 1].span
            at, part = self.at(span.end_line, span.end_column), f", {part}"
        return self._text[:at] + part + self._text[at:]

    def without_part(self, spans: Sequence[tuple[int, int, int, int]], place: int) -> str:
        line, column, end_line, end_column = spans[place]
        start, end = self.at(line, column), self.at(end_line, end_column)
        if place:
            start = self.at(*spans[place - 1][2:])
        elif len(spans) > 1:
            end = self.at(*spans[1][:2])
        return self._text[:start] + self._text[end:]

    def with_lines(self, line: int, more: str) -> str:
        """`more` below a line; the text need not end with a line break."""
        at = self._end(line)
        return self._text[:at] + self._ending + more.replace("\n", self._ending) + self._text[at:]

    def without_lines(self, first: int, last: int, column: int, node: Node) -> str:
        if first == 1 or self.lines[first - 1][:column].strip():
            raise CannotSpliceError
        start = self._end(first - 1)
        kept = comments_in([line.rstrip("\r") for line in self.lines[first - 1 : last]], first - 1, node)
        stay = "".join(f"{self._ending}{' ' * column}{comment}" for comment in kept)
        return self._text[:start] + stay + self._text[self._end(last) :]

    def _end(self, line: int) -> int:
        """The place behind the last character of a line."""
        return self._starts[line - 1] + len(self.lines[line - 1].rstrip("\r"))
