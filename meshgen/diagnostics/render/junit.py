"""JUnit XML: a suite per file, a case per finding; without findings one case that passes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from meshgen.diagnostics.printing import xml_text

if TYPE_CHECKING:
    from meshgen.diagnostics.model import Diagnostic
    from meshgen.diagnostics.render import View


def render(view: View) -> str:
    suites: dict[str, list[Diagnostic]] = {}
    for found in view.diagnostics:
        suites.setdefault(found.span.file if found.span else "meshgen", []).append(found)
    failures = sum(found.severity == "error" for found in view.diagnostics)
    count = len(view.diagnostics) or 1
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="meshgen" tests="{count}" failures="{failures}" errors="0">',
    ]
    for file, diagnostics in suites.items():
        failures = sum(found.severity == "error" for found in diagnostics)
        size = f'tests="{len(diagnostics)}" failures="{failures}" errors="0" skipped="0"'
        lines.append(f"  <testsuite name={quoteattr(file)} {size}>")
        for found in diagnostics:
            lines += _case(found, file)
        lines.append("  </testsuite>")
    if not suites:
        lines += [
            '  <testsuite name="meshgen" tests="1" failures="0" errors="0" skipped="0">',
            '    <testcase name="no findings" classname="meshgen"/>',
            "  </testsuite>",
        ]
    return xml_text("\n".join([*lines, "</testsuites>"]))


def _case(found: Diagnostic, file: str) -> list[str]:
    place = f' line="{found.span.line}" column="{found.span.column}"' if found.span else ""
    where = f"{found.span}: " if found.span else ""
    text = "\n".join(
        [f"{where}{found.said}", *(f"{note.span}: {note.text}" for note in found.notes), *filter(None, [found.help])]
    )
    opening = f"    <testcase name={quoteattr(found.code)} classname={quoteattr(file)} file={quoteattr(file)}{place}>"
    if found.severity == "error":
        inner = f"<failure message={quoteattr(found.said)}>{escape(text)}</failure>"
    else:
        # JUnit has no warnings: the case passes and carries the text.
        inner = f"<system-out>{escape(f'{found.severity}: {text}')}</system-out>"
    return [opening, f"      {inner}", "    </testcase>"]
