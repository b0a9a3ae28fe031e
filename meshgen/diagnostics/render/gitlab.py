"""A Code Quality report of GitLab; the code stands in the description since GitLab does not show `check_name`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics.printing import json_text
from meshgen.diagnostics.render.fingerprint import with_fingerprints

if TYPE_CHECKING:
    from meshgen.diagnostics.render import View

_SEVERITIES = {"error": "major", "warning": "minor", "hint": "info"}


def render(view: View) -> str:
    report = [
        {
            "check_name": found.code,
            "description": f"{found.code}: {found.said}",
            "content": {"body": found.help},
            "severity": _SEVERITIES[found.severity],
            "fingerprint": fingerprint,
            "location": {
                "path": found.span.file if found.span else "",
                "positions": {
                    "begin": {
                        "line": found.span.line if found.span else 1,
                        "column": found.span.column if found.span else 1,
                    },
                    "end": {
                        "line": found.span.end_line if found.span else 1,
                        "column": found.span.end_column if found.span else 1,
                    },
                },
            },
        }
        for found, fingerprint in with_fingerprints(view.diagnostics)
    ]
    return json_text(report)
