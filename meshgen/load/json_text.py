"""JSON to nodes with positions: what the YAML parser refuses of it, or reads as something else.

That is characters above U+FFFF as two escapes, keys of more than 1024 characters, and nesting deeper than in YAML.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Span
from meshgen.diagnostics.lines import LINE_BREAK
from meshgen.load.keys import key_twice
from meshgen.load.nodes import Node
from meshgen.load.scalars import core_value

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEEPEST = 200
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<string>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")
      | (?P<plain>-?[0-9][-+.0-9eE]*|true|false|null)
      | (?P<mark>[\[\]{},:])
    )""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_SPACE = re.compile(r"[ \t\r\n]*")


class _NoJSONError(Exception):
    """The text is not JSON."""


def read_json(text: str, file: str) -> tuple[list[Node], list[Diagnostic]] | None:
    """The values of `text` as kubectl reads them, one after the other; None where `text` is not JSON.

    A key that stands twice is reported (MG008).
    """
    if text.lstrip(" \t\r\n")[:1] not in {"{", "["}:
        return None
    try:
        return _Reader(text, file).values()
    except (_NoJSONError, ValueError):
        return None


class _Reader:
    """Builds the nodes without recursion, as deep as the text goes."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._findings: list[Diagnostic] = []
        self._line = 1
        self._line_start = 0
        self._position = 0

    def values(self) -> tuple[list[Node], list[Diagnostic]]:
        values: list[Node] = []
        tokens = self._tokens()
        for kind, written, span in tokens:
            values.append(self._value(kind, written, span, tokens))
        return values, self._findings

    def _tokens(self) -> Iterator[tuple[str, str, Span]]:
        end = len(self._text)
        while (start := self._move(_SPACE.match(self._text, self._position).end())) < end:  # type: ignore[union-attr]
            match = _TOKEN.match(self._text, start)
            if match is None or match.lastgroup is None:
                raise _NoJSONError
            line, column = self._line, start - self._line_start + 1
            self._move(match.end())
            span = Span(self._file, line, column, self._line, self._position - self._line_start + 1)
            yield match.lastgroup, match[match.lastgroup], span

    def _move(self, position: int) -> int:
        """Goes on to `position`, and counts the lines until there as libyaml would."""
        for found in LINE_BREAK.finditer(self._text, self._position, position):
            self._line += 1
            self._line_start = found.end()
        self._position = position
        return position

    def _value(self, kind: str, written: str, span: Span, tokens: Iterator[tuple[str, str, Span]]) -> Node:
        """The value that begins with this token."""
        root = self._leaf(kind, written, span)
        if kind != "mark":
            return root
        opened = [root]
        while opened:
            node = opened[-1]
            kind, written, span = _next(tokens)
            if written in {"}", "]"} and kind == "mark":
                if (written == "}") != (node.entries is not None):
                    raise _NoJSONError
                node.span = node.span._replace(end_line=span.end_line, end_column=span.end_column)
                opened.pop()
                continue
            if node.entries or node.items:
                if (kind, written) != ("mark", ","):
                    raise _NoJSONError
                kind, written, span = _next(tokens)
            if node.entries is not None:
                if kind != "string":
                    raise _NoJSONError
                key, key_span = _string(written), span
                if _next(tokens)[:2] != ("mark", ":"):
                    raise _NoJSONError
                kind, written, span = _next(tokens)
            value = self._leaf(kind, written, span)
            # What nests deeper is of no kind that is read, as the schemas in CRDs: it is looked through and left out.
            kept = Node(span) if kind == "mark" and len(opened) >= _DEEPEST else value
            if node.items is not None:
                node.items.append(kept)
            elif node.entries is not None:
                if key in node.entries:
                    self._findings.append(key_twice(key, key_span, node.entries[key][0]))
                node.entries[key] = (key_span, kept)
            if kind == "mark":
                opened.append(value)
        return root

    def _leaf(self, kind: str, written: str, span: Span) -> Node:
        if kind == "string":
            return Node(span, _string(written))
        if kind == "plain":
            if written[0] not in "tfn" and not _NUMBER.fullmatch(written):
                raise _NoJSONError
            return Node(span, core_value(written), plain=written)
        if written == "{":
            return Node(span, entries={})
        if written == "[":
            return Node(span, items=[])
        raise _NoJSONError


def _next(tokens: Iterator[tuple[str, str, Span]]) -> tuple[str, str, Span]:
    token = next(tokens, None)
    if token is None:
        raise _NoJSONError
    return token


def _string(written: str) -> str:
    if "\\" not in written:
        return written[1:-1]
    text: str = json.loads(written)
    # Half of a pair is no character: Go's decoder puts the replacement character there.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
