"""The Diagnostic Format of reviewdog; its columns count bytes of UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.lines import split_lines
from meshgen.diagnostics.printing import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.diagnostics.model import Diagnostic, Span
    from meshgen.diagnostics.render import View

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "hint": "INFO"}


def render(view: View) -> str:
    lines = {file: split_lines(text) for file, text in view.sources.items()}
    return json_text(
        {
            "source": {"name": "meshgen"},
            "diagnostics": [_diagnostic(found, lines) for found in view.diagnostics],
        },
    )


def _diagnostic(found: Diagnostic, lines: Mapping[str, list[str]]) -> dict[str, Any]:
    message = f"{found.said}\n{found.help}" if found.help else found.said
    item: dict[str, Any] = {
        "message": message,
        "severity": _SEVERITIES[found.severity],
        "code": {"value": found.code},
        "location": _location(found.span, lines) if found.span else {"path": ""},
    }
    if found.notes:
        item["relatedLocations"] = [
            {"message": note.text, "location": _location(note.span, lines)} for note in found.notes
        ]
    return item


def _location(span: Span, lines: Mapping[str, list[str]]) -> dict[str, Any]:
    source = lines.get(span.file, [])
    return {
        "path": span.file,
        "range": {
            "start": {"line": span.line, "column": _bytes(source, span.line, span.column)},
            "end": {"line": span.end_line, "column": _bytes(source, span.end_line, span.end_column)},
        },
    }


def _bytes(source: list[str], line: int, column: int) -> int:
    if not 0 < line <= len(source):
        return column
    return len(source[line - 1][: column - 1].encode(errors="surrogatepass")) + 1
