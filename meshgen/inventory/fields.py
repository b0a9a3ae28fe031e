"""Typed access to the fields of one manifest: what the API server would refuse becomes a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.kubectl import entries_of, is_null, value_of
from meshgen.load.nodes import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Plain, Scalar

_PLAIN_STEP = re.compile(r"^[A-Za-z0-9_-]+$")


def plain(node: Node) -> Plain:
    """The value of `node` for kubectl, without its positions."""
    if node.entries is not None:
        return {key: plain(value) for key, (_, value) in entries_of(node).items()}
    if node.items is not None:
        return [plain(item) for item in node.items]
    return value_of(node)


def describe(node: Node) -> str:
    """What `node` is, for a message: "the number `1`"."""
    if node.entries is not None:
        return "a mapping"
    if node.items is not None:
        return "a list"
    value: Scalar = value_of(node)
    if value is None:
        return "null"
    written = node.plain if node.plain is not None else str(value)
    if isinstance(value, bool):
        return f"the boolean `{written}`"
    if isinstance(value, int | float):
        return f"the number `{written}`"
    return f"the string `{value}`"


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of a manifest. `null` counts as absent, as for the API server.

    Every getter returns `None` (or an empty collection) for a field that is absent or of the wrong type; the
    latter adds an MG053 to `findings`.
    """

    node: Node
    findings: list[Diagnostic]
    owner: str = "the manifest"
    path: str = ""

    def span(self, key: str | None = None) -> Span:
        """The place of the field `key`, else of the whole mapping."""
        return self.node.span if key is None else self.node.find([key]).span

    def keys(self) -> list[str]:
        """The keys that are present and not null."""
        return [key for key, (_, node) in entries_of(self.node).items() if not is_null(node)]

    def at(self, *keys: str) -> Fields:
        """The mapping at `keys`; an empty one where it is absent."""
        fields = self
        for key in keys:
            node = fields._value(key)
            path = fields._path(key)
            if node is not None and node.entries is None:
                fields._refuse(key, node, "a mapping")
                node = None
            if node is None:
                node = Node(fields.node.span, entries={})
            fields = Fields(node, self.findings, self.owner, path)
        return fields

    def items(self, key: str) -> Iterator[Fields]:
        """The mappings of the list at `key`."""
        for index, node in enumerate(self._list(key)):
            path = f"{self._path(key)}[{index}]"
            if node.entries is None:
                self._refuse_at(path, node, "a mapping")
            else:
                yield Fields(node, self.findings, self.owner, path)

    def text(self, key: str) -> str | None:
        """The string at `key`."""
        node = self._value(key)
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, str):
            return value
        self._refuse(key, node, "a string")
        return None

    def required_text(self, key: str) -> str:
        """The string at `key`; a finding and `""` where it is absent."""
        if self._value(key) is None:
            self.missing(key)
            return ""
        return self.text(key) or ""

    def flag(self, key: str) -> bool | None:
        """The boolean at `key`."""
        node = self._value(key)
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, bool):
            return value
        self._refuse(key, node, "`true` or `false`")
        return None

    def number(self, key: str) -> int | None:
        """The whole number at `key`."""
        node = self._value(key)
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, bool) or not isinstance(value, int):
            self._refuse(key, node, "a whole number")
            return None
        return value

    def required_number(self, key: str) -> int | None:
        """The whole number at `key`; a finding where it is absent."""
        if self._value(key) is None:
            self.missing(key)
        return self.number(key)

    def number_or_name(self, key: str) -> int | str | None:
        """The port number or port name at `key`; a name has a letter, or the API server refuses it."""
        node = self._value(key)
        if node is None:
            return None
        value = value_of(node)
        if isinstance(value, str) and re.search(r"[a-z]", value):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        help_ = f"Write `{value}` without quotes." if digits else ""
        self._refuse(key, node, "a number or the name of a port", help_)
        return None

    def texts(self, key: str) -> list[str] | None:
        """The list of strings at `key`."""
        if self._value(key) is None:
            return None
        found = []
        for index, node in enumerate(self._list(key)):
            value = value_of(node)
            if isinstance(value, str):
                found.append(value)
            else:
                self._refuse_at(f"{self._path(key)}[{index}]", node, "a string")
        return found

    def labels(self, key: str) -> dict[str, str]:
        """The mapping of strings at `key`."""
        fields = self.at(key)
        found = {}
        for name, (_, node) in entries_of(fields.node).items():
            value = value_of(node)
            if isinstance(value, str) and node.entries is None and node.items is None:
                found[name] = value
            elif is_null(node):
                found[name] = ""  # Go reads a null into an empty string
            else:
                self._refuse_at(fields._path(name), node, "a string")  # noqa: SLF001 - its own kind
        return found

    def missing(self, key: str) -> None:
        """Adds the finding that `key` has to be there."""
        self.findings.append(
            diagnose(
                "MG053",
                f"{self.owner} has no `{self._path(key)}`",
                self.node.span,
                "Add the field; the API server refuses the object without it.",
            )
        )

    def _value(self, key: str) -> Node | None:
        entry = entries_of(self.node).get(key)
        return None if entry is None or is_null(entry[1]) else entry[1]

    def _list(self, key: str) -> list[Node]:
        node = self._value(key)
        if node is None:
            return []
        if node.items is None:
            self._refuse(key, node, "a list")
            return []
        return node.items

    def _path(self, key: str) -> str:
        if not _PLAIN_STEP.match(key):
            return f"{self.path}[{key}]"
        return f"{self.path}.{key}" if self.path else key

    def _refuse(self, key: str, node: Node, wanted: str, help_: str = "") -> None:
        self._refuse_at(self._path(key), node, wanted, help_)

    def _refuse_at(self, path: str, node: Node, wanted: str, help_: str = "") -> None:
        scalar = node.entries is None and node.items is None
        fix = "Put the value in quotes." if wanted == "a string" and scalar else "Correct the field."
        self.findings.append(
            diagnose(
                "MG053",
                f"`{path}` of {self.owner} must be {wanted}, not {describe(node)}",
                node.span,
                help_ or fix,
            )
        )
