"""For people: the source line with a caret under what is meant, second places, and what to do."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import click

from meshgen.diagnostics.lines import printable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.diagnostics.model import Diagnostic, Span
    from meshgen.diagnostics.render import View

_COLORS = {"error": "red", "warning": "yellow", "hint": "cyan"}
_TAB = "    "
_WIDEST = 160


def render(view: View) -> str:
    lines = {file: split_lines(text) for file, text in view.sources.items()}
    return "\n".join("".join(f"{line}\n" for line in _block(found, lines, view)) for found in view.diagnostics)


def _block(found: Diagnostic, lines: Mapping[str, list[str]], view: View) -> Iterator[str]:
    def paint(text: str, *, fg: str | None = None) -> str:
        return click.style(text, fg=fg, bold=True) if view.color else text

    color = _COLORS[found.severity]
    yield f"{paint(f'{found.severity}[{found.code}]', fg=color)}{paint(f': {printable(found.message)}')}"
    places = [(found.span, "", color, "^")] if found.span else []
    places += [(note.span, note.text, "blue", "-") for note in found.notes]
    gutter = max((len(str(span.line)) for span, *_ in places), default=0)
    blank = " " * gutter
    for index, (span, label, fg, mark) in enumerate(places):
        arrow = "-->" if index == 0 else ":::"
        yield f"{blank}{paint(arrow, fg='blue')} {printable(str(span))}"
        source = lines.get(span.file, [])
        if not 0 < span.line <= len(source):
            if label:
                yield f"{blank} {paint('=', fg='blue')} {printable(label)}"
            continue
        text, start, width = _excerpt(source[span.line - 1], span)
        bar = paint("|", fg="blue")
        underline = paint(f"{mark * width}{' ' if label else ''}{printable(label)}", fg=fg)
        yield f"{blank} {bar}"
        yield f"{paint(str(span.line).rjust(gutter), fg='blue')} {bar} {text}"
        yield f"{blank} {bar} {' ' * start}{underline}"
    if places and found.help:
        yield f"{blank} {paint('|', fg='blue')}"
    if found.help:
        yield f"{blank} {paint('=', fg='blue')} {paint('help')}: {printable(found.help)}"


def _excerpt(line: str, span: Span) -> tuple[str, int, int]:
    """The line as shown, the cells before the marked part, and the cells of that part."""
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    marked = max(cells(line[start:end]), 1)
    cut = ""
    if cells(line) > _WIDEST:
        # A long line is shown from a little before the marked part.
        first = max(start - _WIDEST // 4, 0)
        cut = "…" if first else ""
        line, start = line[first : first + _WIDEST], start - first
    before = cells(cut) + cells(line[:start])
    return f"{cut}{_shown(line.rstrip())}", before, min(marked, max(_WIDEST - before, 1))


def cells(text: str) -> int:
    """The columns of a terminal that `text` takes as `full` shows it."""
    return sum(_width(character) for character in _shown(text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))
