"""The diagnostic: one finding, with its code, its place, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "hint"]

_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "hint": 2}


class Span(NamedTuple):
    """A stretch of one source file. Lines and columns count from 1, in code points; `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Note:
    """A second place that belongs to a finding, and what stands there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` stands alone: lower case start, no final period, identifiers in backticks.
    `help` is one sentence that says what to do. `object` is the logical name of what the finding is about
    (`workspace/my-workspace`, `cluster-1/bookinfo/details`): `accept` and machine formats refer to it.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()
    object: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, int, str, str, str]:
        """Orders findings by place, then severity, code and text; those without a place come last."""
        place = self.span or Span("\U0010ffff", 0, 0, 0, 0)
        return (place.file, place.line, place.column, _RANK[self.severity], self.code, self.message, self.object)


def ordered(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """`diagnostics` without duplicates, in the order in which people and machines see them."""
    return sorted(dict.fromkeys(diagnostics), key=lambda diagnostic: diagnostic.sort_key)
