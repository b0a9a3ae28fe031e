"""For people: the source line with a caret under what is meant, second places, and what to do."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import click

from meshgen.diagnostics.lines import split_lines
from meshgen.diagnostics.printing import masked, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.diagnostics.model import Diagnostic, Span
    from meshgen.diagnostics.render import View

_COLORS = {"error": "red", "warning": "yellow", "hint": "cyan"}
_TAB = "    "
_WIDEST = 160
_EXCERPTS = 3
"""Notes that are shown with their source line; of a finding with more, each is one line."""
_LINES = 8
"""Notes that are shown at all, and findings of one code and one help after the first `_EXCERPTS`."""
_FAR = 1_000
"""Characters of a line before and after the start of what is meant that are looked at."""


def render(view: View) -> str:
    lines = {file: split_lines(text) for file, text in view.sources.items()}
    return "\n".join("".join(f"{line}\n" for line in block) for block in _blocks(view, lines))


def _blocks(view: View, lines: Mapping[str, list[str]]) -> Iterator[Iterable[str]]:
    """A block for each finding; of many with one code and one help, one more for all but the first."""
    alike: dict[tuple[str, str], list[Diagnostic]] = {}
    for found in view.diagnostics:
        alike.setdefault((found.code, found.help), []).append(found)
    shown: Counter[tuple[str, str]] = Counter()
    for found in view.diagnostics:
        of_kind = alike[found.code, found.help]
        place = shown[found.code, found.help]
        shown[found.code, found.help] += 1
        if place < _EXCERPTS or len(of_kind) == _EXCERPTS + 1:
            yield _block(found, lines, view)
        elif place == _EXCERPTS:
            yield _rest(of_kind[_EXCERPTS:], view)


def _rest(findings: Sequence[Diagnostic], view: View) -> Iterator[str]:
    code, severity = findings[0].code, findings[0].severity
    head = f"{severity}[{code}]: {len(findings)} more with the same help"
    yield click.style(head, fg=_COLORS[severity], bold=True) if view.color else head
    yield from (f"  {f'{found.span}: ' if found.span else ''}{found.said}" for found in findings[:_LINES])
    if len(findings) > _LINES:
        yield f"  and {len(findings) - _LINES} more: `--format concise` has them all"


def _block(found: Diagnostic, lines: Mapping[str, list[str]], view: View) -> Iterator[str]:
    def paint(text: str, *, fg: str | None = None) -> str:
        return click.style(text, fg=fg, bold=True) if view.color else text

    color = _COLORS[found.severity]
    yield f"{paint(f'{found.severity}[{found.code}]', fg=color)}{paint(f'{_whose(found)}: {found.message}')}"
    # A note at the place of the finding itself says what stands there.
    label = next((note.text for note in found.notes if note.span == found.span), "")
    notes = [note for note in found.notes if note.span != found.span]
    short = [] if len(notes) <= _EXCERPTS else notes[:_LINES]
    places = [(found.span, label, color, "^")] if found.span else []
    places += [(note.span, note.text, "blue", "-") for note in notes if not short]
    gutter = max((len(str(span.line)) for span, *_ in places), default=0)
    blank = " " * gutter
    for index, (span, label, fg, mark) in enumerate(places):
        arrow = "-->" if index == 0 else ":::"
        yield f"{blank}{paint(arrow, fg='blue')} {span}"
        source = lines.get(span.file, [])
        if not 0 < span.line <= len(source):
            if label:
                yield f"{blank} {paint('=', fg='blue')} {label}"
            continue
        text, start, width = _excerpt(masked(source[span.line - 1]), span)
        bar = paint("|", fg="blue")
        underline = paint(f"{mark * width}{' ' if label else ''}{label}", fg=fg)
        yield f"{blank} {bar}"
        yield f"{paint(str(span.line).rjust(gutter), fg='blue')} {bar} {text}"
        yield f"{blank} {bar} {' ' * start}{underline}"
    for note in short:
        yield f"{blank}{paint(':::', fg='blue')} {note.span} {note.text}"
    if len(notes) > _LINES and short:
        yield f"{blank}{paint(':::', fg='blue')} and {len(notes) - _LINES} more: `--format json` has them all"
    if places and found.help:
        yield f"{blank} {paint('|', fg='blue')}"
    if found.help:
        yield f"{blank} {paint('=', fg='blue')} {paint('help')}: {found.help}"


def _whose(found: Diagnostic) -> str:
    return f" for {', '.join(found.owners)}" if found.owners else ""


def _excerpt(line: str, span: Span) -> tuple[str, int, int]:
    """The line as shown, the cells before the marked part, and the cells of that part."""
    if len(line) > 2 * _FAR:
        # So that a line of megabytes costs no more than its part.
        skipped = max(min(span.column - 1, len(line)) - _FAR, 0)
        line = line[skipped : skipped + 2 * _FAR]
        if skipped:
            line = f"…{line[1:]}"
        span = span._replace(column=span.column - skipped, end_column=span.end_column - skipped)
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
