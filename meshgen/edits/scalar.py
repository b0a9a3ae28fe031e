"""Strings as YAML for people.

Every string reads the same in YAML 1.1 and 1.2: what any of the two could take for something else is quoted.
"""

from __future__ import annotations

import re

from meshgen.load.scalars import BOOLEAN_WORDS

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*|[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z_.-]*")
_WORDS = frozenset({"null", "true", "false", "nan", "inf"} | {word.casefold() for word in BOOLEAN_WORDS})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def text(value: str) -> str:
    """The scalar that reads as the string `value`."""
    if _PLAIN.fullmatch(value) and value.casefold() not in _WORDS:
        return value
    return '"' + "".join(map(_escape, value)) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
