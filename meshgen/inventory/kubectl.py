"""What kubectl makes of YAML: YAML 1.1 booleans and numbers, merge keys.

Follows `sigs.k8s.io/yaml` 1.6 (a fork of go-yaml 2), through which kubectl and the API server read every manifest;
the test of this module has its answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Node, Scalar

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"),
        True,
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"),
        False,
    ),
}
_PREFIXED = re.compile(r"[-+]?0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_OCTAL = re.compile(r"[-+]?0[0-7]+")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_MAY_START_NUMBER = frozenset("+-.0123456789")
_LONGEST_NUMBER = 100
_LARGEST_WHOLE = 1e15


def kubectl_value(text: str) -> Scalar:
    """What the scalar `text`, written without quotes, is for kubectl."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _MAY_START_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    digits = text.replace("_", "")
    if _PREFIXED.fullmatch(digits):
        return int(digits, 0)
    if _OCTAL.fullmatch(digits):
        return int(digits, 8)
    if _DECIMAL.fullmatch(digits):
        return int(digits)
    if _FLOAT.fullmatch(digits):
        number = float(digits)
        if number in {float("inf"), float("-inf")}:
            return text
        # JSON, which the API server gets, does not tell 5. from 5.
        return int(number) if number.is_integer() and abs(number) < _LARGEST_WHOLE else number
    return text


def value_of(node: Node) -> Scalar:
    """The value of the scalar `node` for kubectl."""
    return node.value if node.plain is None else kubectl_value(node.plain)


def is_null(node: Node) -> bool:
    """Whether `node` is null."""
    return node.entries is None and node.items is None and value_of(node) is None


def entries_of(node: Node) -> dict[str, tuple[Span, Node]]:
    """The entries of the mapping `node`, those that `<<` merges into it last; none for what is no mapping."""
    entries = node.entries
    if entries is None:
        return {}
    merge = entries.get("<<")
    sources = _sources(merge[1]) if merge is not None else None
    if sources is None:
        return entries
    merged = {key: entry for key, entry in entries.items() if key != "<<"}
    for source in sources:
        for key, entry in entries_of(source).items():
            merged.setdefault(key, entry)
    return merged


def _sources(merge: Node) -> list[Node] | None:
    if merge.entries is not None:
        return [merge]
    if merge.items is not None and all(item.entries is not None for item in merge.items):
        return merge.items
    return None
