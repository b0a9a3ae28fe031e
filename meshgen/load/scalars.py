"""The type of a plain scalar, by the core schema of YAML 1.2, and where YAML 1.1 tools read something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.load.nodes import Scalar

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAY_START_NUMBER = frozenset("+-.0123456789")
_LONGEST_NUMBER = 100  # what is longer is no number of a fleet; Python neither reads nor prints all of them

BOOLEAN_WORDS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}
"""Words that are text in YAML 1.2 and booleans in YAML 1.1 (https://yaml.org/type/bool.html)."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_OLD_NUMBER = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?[0-9]+_[0-9_]*|[-+]?0b[01_]+")


def core_value(text: str) -> Scalar:
    """What the plain scalar `text` is in the core schema (YAML 1.2.2, section 10.3.2)."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in _MAY_START_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _PREFIXED_INTEGER.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def old_reading(text: str) -> str | None:
    """What YAML 1.1 makes of a plain scalar that is text in YAML 1.2: "boolean", "date", "number" or None."""
    if text in BOOLEAN_WORDS:
        return "boolean"
    if text[:1] not in _MAY_START_NUMBER:
        return None
    if _DATE.fullmatch(text):
        return "date"
    return "number" if _OLD_NUMBER.fullmatch(text) else None
