"""Inventory data to YAML for people: block style for items, flow style for what fits on a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.edits.scalar import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH = 100
FLOW_SECTIONS = frozenset({"namespaces", "gateways"})
"""Lists whose items stand on one line each, as far as they fit."""


def document(cluster: str, spec: Mapping[str, Any]) -> str:
    """A whole Inventory."""
    lines = ["apiVersion: meshgen.io/v1", "kind: Inventory", f"metadata: {{name: {text(cluster)}}}"]
    if spec:
        lines.append("spec:")
        for key, value in spec.items():
            lines += section(key, value, 2)
    return "\n".join(lines) + "\n"


def section(key: str, value: Any, indent: int) -> list[str]:
    """A field of the `spec`: a list of items or of words, or the mapping `istio`."""
    pad = " " * indent
    if not isinstance(value, list) or (value and isinstance(value[0], str)):
        return field(key, value, indent, flow=isinstance(value, list))
    if not value:
        return [f"{pad}{key}: []"]
    return [f"{pad}{key}:", *(line for item in value for line in list_item(key, item, indent))]


def list_item(key: str, item: Mapping[str, Any], indent: int) -> list[str]:
    """One item of the list `key`, with its dash at `indent`."""
    pad = " " * indent
    line = f"{pad}- {inline(item)}"
    if key in FLOW_SECTIONS and len(line) <= WIDTH:
        return [line]
    return dashed(block(item, indent + 2), indent)


def block(item: Mapping[str, Any], indent: int) -> list[str]:
    """The fields of `item`, each on lines of its own."""
    return [line for key, value in item.items() for line in field(key, value, indent)]


def dashed(lines: Sequence[str], indent: int) -> list[str]:
    """`lines` of a block mapping as an item of a list whose dashes are at `indent`."""
    first, *rest = lines
    return [f"{first[:indent]}-{first[indent + 1 :]}", *rest]


def field(key: str, value: Any, indent: int, *, flow: bool = True) -> list[str]:
    """One field of a mapping, in flow style where that fits."""
    pad = " " * indent
    line = f"{pad}{text(key)}: {inline(value)}"
    if not isinstance(value, dict | list) or not value or (flow and len(line) <= WIDTH):
        return [line]
    lines = [f"{pad}{text(key)}:"]
    if isinstance(value, dict):
        lines += block(value, indent + 2)
    else:
        for item in value:
            line = f"{pad}- {inline(item)}"
            split = isinstance(item, dict) and item and len(line) > WIDTH
            lines += dashed(block(item, indent + 2), indent) if split else [line]
    return lines


def inline(value: Any) -> str:
    """`value` in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) if isinstance(value, str) else str(value)
