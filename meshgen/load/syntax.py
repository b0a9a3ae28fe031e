"""What the YAML parser's complaints mean for the person who wrote the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.lines import split_lines
from meshgen.load.keys import NO_COLON, with_colon
from meshgen.load.slips import rest_of_line, slip, wrong_blank

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

_PATTERN = re.compile(r"\*[^\s,\]}#]*")
CORE_TAGS = "tag:yaml.org,2002:"
_RESERVED = frozenset("@`%")
_OURS, _MIDDLE, _THEIRS = "<" * 7, "=" * 7, ">" * 7
"""What Git writes around the two sides of a conflict, where nobody configured another size."""

_MEANINGS: tuple[tuple[str, str, str], ...] = (
    # what libyaml says, what it means, what to do
    (
        "mapping values are not allowed",
        "a `:` stands where no key can be",
        "Quote text that contains `: `, and indent keys of one mapping alike.",
    ),
    (
        "could not find expected ':'",
        NO_COLON,
        "",
    ),
    (
        "did not find expected key",
        "this does not continue the mapping that it stands in",
        "Indent keys of one mapping alike, and quote the whole of a text or nothing of it.",
    ),
    (
        "did not find expected '-' indicator",
        "this does not continue the list that it stands in",
        "Start the item with `- `, or indent the line like the key that it belongs to.",
    ),
    (
        "did not find expected ',' or ']'",
        "a list that is opened with `[` is not closed",
        "Close it with `]`, and put `,` between its items.",
    ),
    (
        "did not find expected ',' or '}'",
        "a mapping that is opened with `{` is not closed",
        "Close it with `}`, and put `,` between its entries.",
    ),
    (
        "found unexpected end of stream",
        "a quote that is opened here is never closed",
        "Close it with the same quote.",
    ),
    (
        "found unexpected document indicator",
        "a quote that is opened here is never closed",
        "Close it with the same quote.",
    ),
    (
        "block sequence entries are not allowed",
        "a list item stands where none can be",
        "Put `- ` on a line of its own, under the key that it belongs to.",
    ),
    (
        "found unknown escape character",
        "this escape does not exist in a text in double quotes",
        "Write `\\\\` for a backslash, or use single quotes.",
    ),
    (
        "did not find expected node content",
        "a value is missing here, or a `[` or `{` above is not closed",
        "Close what is opened, and put a value between two commas.",
    ),
    (
        "found unexpected ':'",
        "a `:` inside a text without quotes, between `[ ]` or `{ }`",
        "Quote the text, or put a blank after the `:` of a key.",
    ),
    (
        "did not find expected <document start>",
        "this stands after the end of the document",
        "Start another document with `---`, or indent the line so that it belongs to what stands above.",
    ),
)


def syntax_error(error: MarkedYAMLError, text: str, file: str) -> Diagnostic:
    """The diagnostic for a scanner's or parser's `error` in `text`."""
    problem = str(error.problem or "")
    context = str(error.context or "")
    mark = error.problem_mark or error.context_mark
    place = _place(mark, text, file)
    if context == "while scanning an alias" and error.context_mark is not None:
        return unquoted_pattern(_text_at(error.context_mark, text), _place(error.context_mark, text, file))
    marker = _left_marker(mark, text)
    if marker:
        return _conflict(file, marker, _MIDDLE, left=True)
    around = wrong_blank(mark, text, file) or slip(error, text, file)
    if around is not None:
        return around
    for said, meaning, advice in _MEANINGS:
        if said in problem:
            begun = problem.startswith("found unexpected") or "is not closed" in meaning or meaning == NO_COLON
            if error.context_mark is None or not begun:
                return diagnose("MG005", meaning, place, help=advice)
            notes = () if problem.startswith("found unexpected") else (Note(place, "read until here"),)
            opened = _place(error.context_mark, text, file)
            shown = with_colon(rest_of_line(error.context_mark, text)) if meaning == NO_COLON else advice
            return diagnose("MG005", meaning, opened, help=shown, notes=notes)
    character = _text_at(mark, text)[:1]
    if "cannot start any token" in problem and character in _RESERVED:
        return diagnose("MG005", f"text cannot start with `{character}`", place, help="Quote the text.")
    what = f"{context}: {problem}" if context else problem
    return diagnose(
        "MG005", f"invalid YAML: {what}", place, help="Correct the syntax; later documents were still read."
    )


def unquoted_pattern(text: str, place: Span, *, anchors: bool = False) -> Diagnostic:
    """The diagnostic for `*…` without quotes, which YAML reads as an alias."""
    match = _PATTERN.match(text)
    pattern = match.group() if match else "*"
    span = place._replace(end_line=place.line, end_column=place.column + len(pattern))
    missing = f" to an anchor `&{pattern[1:]}` that is not above" if anchors else ""
    return diagnose(
        "MG007",
        f"`{pattern}` without quotes is read as a YAML alias{missing}",
        span,
        help=f'Quote it: `"{pattern}"`.',
    )


def conflicts(text: str, file: str) -> list[Diagnostic]:
    """A diagnostic for each conflict that Git marked in `text`: which of both sides is meant, nobody knows."""
    found: list[Diagnostic] = []
    if _OURS not in text and _THEIRS not in text:
        return found
    start: tuple[int, str] | None = None
    halfway = False
    for number, line in enumerate(split_lines(text), 1):
        if line.startswith(f"{_OURS} "):
            if start:
                found.append(_conflict(file, *start, left=True))
            start, halfway = (number, line), False
        elif start and line == _MIDDLE:
            halfway = True
        elif line.startswith(f"{_THEIRS} ") or (start and halfway and line == _THEIRS):
            found.append(_conflict(file, *(start or (number, line)), left=not (start and halfway)))
            start = None
    if start:
        found.append(_conflict(file, *start, left=True))
    return found


def _conflict(file: str, number: int, line: str, *, left: bool) -> Diagnostic:
    return diagnose(
        "MG005",
        "a line that marks a conflict of Git was left" if left else "a conflict of Git that is not settled",
        Span(file, number, 1, number, len(line) + 1),
        help="Keep what is right of both sides, and remove the lines of `<`, `=` and `>`.",
    )


def control_character(text: str, position: int, file: str) -> Diagnostic:
    """The diagnostic for a character that YAML does not allow, at the index `position` of `text`."""
    lines = split_lines(text[:position])
    line, column = len(lines), len(lines[-1]) + 1
    code = f"U+{ord(text[position]):04X}" if position < len(text) else "this character"
    return diagnose(
        "MG005",
        f"the control character {code} is not allowed",
        Span(file, line, column, line, column + 1),
        help="Remove it, or write it as an escape in a text in double quotes.",
    )


def too_deep(span: Span, deepest: int) -> Diagnostic:
    """The diagnostic for nesting of more than `deepest` levels."""
    return diagnose(
        "MG012",
        f"nested more than {deepest} levels deep",
        span,
        help="Check the brackets and the indentation: nothing in a fleet is nested that deep.",
    )


def bad_tag(tag: str, span: Span) -> Diagnostic:
    """The diagnostic for a `tag` that a fleet cannot have, or that its value contradicts."""
    shown = tag.replace(CORE_TAGS, "!!")
    return diagnose(
        "MG014",
        f"the tag `{shown}` cannot be used here",
        span,
        help="Remove the tag, and quote what shall be text.",
    )


def _place(mark: Any, text: str, file: str) -> Span:
    if mark is None:
        return Span(file, 1, 1, 1, 2)
    line, column = mark.line, mark.column
    if mark.index >= len(text):
        # The parser stops behind the last line; people look at the last character.
        kept = split_lines(text.rstrip() or " ")
        line, column = len(kept) - 1, max(len(kept[-1]) - 1, 0)
    return Span(file, line + 1, column + 1, line + 1, column + 2)


def _left_marker(mark: Any, text: str) -> int:
    """The line of a `=======` of Git in the line that the parser complains of, or above it; 0 for none."""
    if mark is None:
        return 0
    lines = split_lines(text)
    near = [number for number in (mark.line, mark.line + 1) if 0 < number <= len(lines)]
    return next((number for number in near if lines[number - 1] == _MIDDLE), 0)


def _text_at(mark: Any, text: str) -> str:
    return "" if mark is None else text[mark.index : mark.index + 300]
