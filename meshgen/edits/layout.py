"""How a node of a YAML text is laid out: in braces or on lines, and with which comments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Node

_HASH = re.compile(r"(?:^|(?<=\s))#")


class CannotSpliceError(Exception):
    """The text is laid out in a way that lines cannot follow."""


def is_flow(lines: Sequence[str], node: Node) -> bool:
    """Whether a node stands in braces or brackets, or is no collection; `lines` are those of its file."""
    if node.entries is None and node.items is None:
        return True
    return lines[node.span.line - 1][node.span.column - 1 : node.span.column] in {"{", "["}


def comments_in(lines: Sequence[str], first_line: int, node: Node) -> list[str]:
    """The comments in `lines`, which hold `node` and begin at the line `first_line` of the file."""
    scalars = list(_scalars(node))
    found = []
    for offset, line in enumerate(lines):
        number = first_line + offset + 1
        for match in _HASH.finditer(line):
            place = (number, match.start() + 1)
            if not any((s.line, s.column) <= place < (s.end_line, s.end_column) for s in scalars):
                found.append(line[match.start() :].rstrip())
                break
    return found


def _scalars(node: Node) -> Iterator[Span]:
    if node.entries is not None:
        for span, value in node.entries.values():
            yield span
            yield from _scalars(value)
    elif node.items is not None:
        for item in node.items:
            yield from _scalars(item)
    else:
        yield node.span
