"""The YAML tree with positions: what the reader makes and everything later points at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.diagnostics import Span

Scalar = str | int | float | bool | None
Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None


@dataclass(slots=True)
class Node:
    """A value of a YAML document and its place.

    Exactly one of three shapes: a mapping (`entries`), a sequence (`items`) or a scalar (`value`).
    """

    span: Span
    value: Scalar = None
    entries: dict[str, tuple[Span, Node]] | None = None
    """Key → (place of the key, value), in the order of the file."""
    items: list[Node] | None = None
    plain: str | None = field(default=None)
    """The text of a scalar written without quotes, before it was given a type."""

    def find(self, path: Sequence[str | int]) -> Node:
        """The node at `path`, or the deepest one on the way to it that was written."""
        node = self
        for step in path:
            if isinstance(step, str) and node.entries is not None and step in node.entries:
                node = node.entries[step][1]
            elif isinstance(step, int) and node.items is not None and 0 <= step < len(node.items):
                node = node.items[step]
            else:
                break
        return node

    def key_span(self, key: str) -> Span:
        """The place of `key` in this mapping, else of the whole node."""
        if self.entries is not None and key in self.entries:
            return self.entries[key][0]
        return self.span


def plain_value(node: Node) -> Plain:
    """The value of `node` of YAML 1.2 without its positions."""
    if node.entries is not None:
        return {key: plain_value(value) for key, (_, value) in node.entries.items()}
    if node.items is not None:
        return [plain_value(item) for item in node.items]
    return node.value
