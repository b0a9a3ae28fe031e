"""SARIF 2.1.0, with relative URIs and stable fingerprints so that code scanning knows a finding again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from meshgen import __version__
from meshgen.diagnostics.printing import json_text
from meshgen.diagnostics.render.fingerprint import with_fingerprints
from meshgen.pages import page, title

if TYPE_CHECKING:
    from meshgen.diagnostics.model import Diagnostic, Span
    from meshgen.diagnostics.render import View

_LEVELS = {"error": "error", "warning": "warning", "hint": "note"}


def render(view: View) -> str:
    codes = sorted({found.code for found in view.diagnostics})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "meshgen",
                        "version": __version__,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(found, fingerprint, codes) for found, fingerprint in with_fingerprints(view.diagnostics)
                ],
            }
        ],
    }
    return json_text(log)


def _rule(code: str) -> dict[str, Any]:
    text = page(code)
    return {
        "id": code,
        "shortDescription": {"text": title(code) or code},
        "help": {"text": text or code, "markdown": text or code},
    }


def _result(found: Diagnostic, fingerprint: str, codes: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": _LEVELS[found.severity],
        "message": _message(f"{found.said}. {found.help}".removesuffix(" ")),
        "partialFingerprints": {"meshgen/v1": fingerprint},
    }
    if found.span:
        result["locations"] = [{"physicalLocation": _location(found.span)}]
    if found.notes:
        result["relatedLocations"] = [
            {"id": index, "physicalLocation": _location(note.span), "message": _message(note.text)}
            for index, note in enumerate(found.notes)
        ]
    return result


def _message(text: str) -> dict[str, str]:
    """A message that says `text`: in SARIF `{0}` is a placeholder and `[text](target)` a link (3.11.5, 3.11.6)."""
    return {"text": text.replace("{", "{{").replace("}", "}}").replace("](", "] (")}


def _location(span: Span) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(span.file)},
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }
