"""Findings that the fleet's owners accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.language.fleet import Accept


def apply(diagnostics: Iterable[Diagnostic], accepts: Sequence[Accept]) -> list[Diagnostic]:
    """`diagnostics` without the warnings and hints that `accepts` names, with a warning for each unused accept.

    An item may name what a finding with a cause is about, or the cause's object for all of them.
    Errors stay whatever `accepts` says.
    """
    kept: list[Diagnostic] = []
    used: set[int] = set()
    refused: set[int] = set()
    for diagnostic in diagnostics:
        matching = {index for index, accept in enumerate(accepts) if _matches(accept, diagnostic)}
        if diagnostic.severity == "error":
            refused |= matching
        else:
            used |= matching
        if not matching or diagnostic.severity == "error":
            kept.append(diagnostic)
    return kept + [
        _unused(accept, is_error=index in refused) for index, accept in enumerate(accepts) if index not in used
    ]


def _matches(accept: Accept, diagnostic: Diagnostic) -> bool:
    if accept.code != diagnostic.code:
        return False
    objects = [diagnostic.object, *([diagnostic.cause.object] if diagnostic.cause else [])]
    if accept.object.endswith("*"):
        return any(name.startswith(accept.object[:-1]) for name in objects)
    return accept.object in objects


def _unused(accept: Accept, *, is_error: bool) -> Diagnostic:
    return diagnose(
        "MG114",
        f"nothing to accept: {'errors cannot be accepted' if is_error else 'there is no such finding'}, "
        f"`{accept.code}` on `{accept.object}`",
        accept.span("code"),
        help="Correct what the error says." if is_error else "Remove the item, or correct its `code` and `object`.",
        object=f"accept/{accept.code}/{accept.object}",
    )
