"""What is wrong with the keys of a mapping, for the person who wrote them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, diagnose

if TYPE_CHECKING:
    from meshgen.diagnostics import Span

_WRITTEN = re.compile(r"""([A-Za-z][\w.-]*?)(?:\s*[:=]\s*|\s+|$)([^\s:#"'\[\]{}&*!|>%@`][^:#"'\[\]{}]*)?$""")
_LONGEST = 80

NO_COLON = "a key without `:`"


def with_colon(line: str) -> str:
    """The sentence of help that shows a `line`, a key without `:`, as it may be meant; a form where nobody can know."""
    match = _WRITTEN.fullmatch(line.strip())
    if match is None or len(line) > _LONGEST:
        return "Write `key: value`, with a blank after the `:`, or quote text that spans several lines."
    key, value = match.groups()
    return f"Write `{key}: {value.strip()}`." if value else f"Write `{key}:`."


def flow_key(key: str, span: Span) -> Diagnostic:
    """The diagnostic for a `key` without a value between `{ }`, whose `:` is missing or has no blank behind it."""
    if ":" in key:
        return diagnose(
            "MG005",
            f"`{key}` is a key without a value",
            span,
            help="Put a blank after the `:` of the key, or quote the text.",
        )
    return diagnose("MG005", f"`{key}` is a key without `:`", span, help=with_colon(key))


def key_twice(key: str, span: Span, first: Span) -> Diagnostic:
    """The diagnostic for a `key` that a mapping has already."""
    return diagnose(
        "MG008",
        f"the key `{key}` stands twice in one mapping",
        span,
        help="Keep one of the two.",
        notes=(Note(first, f"`{key}` is first given here"),),
    )


def unseparated(second: Diagnostic) -> Diagnostic:
    """The diagnostic for a document that begins in another one; `second` is that for its first key."""
    return diagnose(
        "MG008",
        "another document begins here, but is not separated from the one above",
        second.span,
        help="Put a line `---` above it.",
        notes=second.notes,
    )
