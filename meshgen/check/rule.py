"""One line of a topic's table, and what its function finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meshgen.check.context import Context
    from meshgen.diagnostics import Cause, Note, Severity, Span


class Finding(NamedTuple):
    """A diagnostic without what its rule says of all of them: code and severity."""

    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()
    object: str = ""
    cause: Cause | None = None
    """What it has in common with others that are shown as one with it."""


class Rule(NamedTuple):
    """One rule. `find` yields its findings in a fleet, in a fixed order, and never raises."""

    code: str
    severity: Severity
    title: str
    since: str
    """The first version with the rule."""
    find: Callable[[Context], Iterable[Finding]]
