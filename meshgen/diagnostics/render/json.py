"""A JSON array with all fields of each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.printing import json_text

if TYPE_CHECKING:
    from meshgen.diagnostics.model import Span
    from meshgen.diagnostics.render import View


def render(view: View) -> str:
    findings = [
        {
            "code": found.code,
            "severity": found.severity,
            "message": found.message,
            "help": found.help,
            "object": found.object,
            "owners": list(found.owners),
            "location": _location(found.span) if found.span else None,
            "notes": [{"message": note.text, "location": _location(note.span)} for note in found.notes],
        }
        for found in view.diagnostics
    ]
    return json_text(findings)


def _location(span: Span) -> dict[str, Any]:
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
