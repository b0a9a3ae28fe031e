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


class Cause(NamedTuple):
    """What findings of one code have in common that are shown as one."""

    message: str
    """The message of the one; `{names}` stands for the names of all."""
    object: str
    """What the one is about."""
    name: str
    """What this finding is about, as it stands in the message."""
    place: str
    """What stands at the place of this finding."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` stands alone: lower case start, no final period, identifiers in backticks.
    `help` is one sentence that says what to do. `object` is the logical name of what the finding is about
    (`workspace/my-workspace`, `cluster-1/bookinfo/details`): `accept` and machine formats refer to it.
    Findings with one `cause` become one before they are shown (`several.gathered`).
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()
    object: str = ""
    cause: Cause | None = None
    owners: tuple[str, ...] = ()
    """Who owns the file, for those who read the finding (`meshgen.owners`)."""

    @property
    def said(self) -> str:
        """The message, behind the owners of the file where there are any: `@bookinfo: unknown field …`."""
        return f"{', '.join(self.owners)}: {self.message}" if self.owners else self.message

    @property
    def sort_key(self) -> tuple[int, str, int, int, str, str, str]:
        """Orders findings by severity, then place, code and text; those without a place come last."""
        place = self.span or Span("\U0010ffff", 0, 0, 0, 0)
        return (_RANK[self.severity], place.file, place.line, place.column, self.code, self.message, self.object)
