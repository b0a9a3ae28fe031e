"""Annotations of GitHub Actions, errors first: GitHub shows only the first ten of a kind and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.diagnostics.model import Diagnostic
    from meshgen.diagnostics.render import View

_COMMANDS = {"error": "error", "warning": "warning", "hint": "notice"}


def render(view: View) -> str:
    found = sorted(view.diagnostics, key=lambda diagnostic: list(_COMMANDS).index(diagnostic.severity))
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in found)


def _command(found: Diagnostic) -> str:
    properties = {"title": f"meshgen {found.code}"}
    text = found.said
    if found.span:
        span = found.span
        properties |= {"file": span.file, "line": str(span.line), "endLine": str(span.end_line)}
        if span.line == span.end_line:
            properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
        # The log shows the command without its properties: the place stands in the text, too.
        text = f"{span}: {text}"
    text += "".join(f"\n{note.span}: {note.text}" for note in found.notes)
    if found.help:
        text += f"\n{found.help}"
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[found.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
