"""What a line shows to be meant where the parser stops: blanks, dashes, quotes and keys that people slip on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, Note, Span, diagnose
from meshgen.diagnostics.lines import split_lines
from meshgen.load.keys import NO_COLON, with_colon

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

_DASHES = re.compile(r"-{2,}\s*")
_ITEM_WITHOUT_BLANK = re.compile(r"-[^\s-]")
_ITEMS = re.compile(r"\s*(- +)*")
_PLAIN_KEY = re.compile(r"(- +)?[A-Za-z][\w.-]*")
_TYPESET = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_PAIR = 2


def wrong_blank(mark: Any, text: str, file: str) -> Diagnostic | None:
    """MG006: a tab in the indentation of the line at `mark`, or another blank that is no space there or one line up."""
    if mark is None:
        return None
    lines = split_lines(text)
    for number in (mark.line, mark.line - 1):
        line = lines[number] if 0 <= number < len(lines) else ""
        indentation = line[: len(line) - len(line.lstrip())]
        wrong = next((place for place, blank in enumerate(indentation) if blank != " "), None)
        if wrong is None or (number != mark.line and indentation[wrong] == "\t"):
            continue
        tab = indentation[wrong] == "\t"
        what = "a tab" if tab else f"a blank that is no space (U+{ord(indentation[wrong]):04X})"
        return diagnose(
            "MG006",
            f"{what} is used for indentation",
            Span(file, number + 1, wrong + 1, number + 1, wrong + 2),
            help=f"Indent with spaces: YAML does not allow {'tabs' if tab else 'others'} there.",
        )
    return None


def slip(error: MarkedYAMLError, text: str, file: str) -> Diagnostic | None:
    """What a line shows to be meant where the parser stopped, or where the text began that it could not end."""
    problem = str(error.problem or "")
    mark = error.context_mark if "expected ':'" in problem else error.problem_mark
    if mark is None:
        return None
    line = rest_of_line(mark, text)
    place = Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 1 + max(len(line), 1))
    if _DASHES.fullmatch(line) and (line != "---" or mark.column) and "expected" in problem:
        advice = "Write `---` at the start of the line, which begins another document, or remove the line."
        return diagnose("MG005", "this line of dashes separates nothing", place, help=advice)
    if "expected ':'" in problem and _ITEM_WITHOUT_BLANK.match(line):
        advice = "Put a blank after the `-` of an item."
        return diagnose("MG005", "an item of a list without a blank after its `-`", place, help=advice)
    if "did not find expected key" in problem and line.startswith("- "):
        advice = "Indent its `- ` like those of the other items."
        return diagnose("MG005", "this item continues no list", place, help=advice)
    if "mapping values are not allowed" in problem:
        return _continued(mark, text, file)
    return None


def _continued(mark: Any, text: str, file: str) -> Diagnostic | None:
    """The diagnostic for a key that continues the text above it for the parser; None for a second `:` of a line."""
    lines = split_lines(text)
    line = lines[mark.line]
    key = line[: mark.column]
    column = len(key) - len(key.lstrip())
    above = next((n for n in range(mark.line - 1, -1, -1) if lines[n].strip() and lines[n].lstrip()[0] != "#"), None)
    if above is None or not _PLAIN_KEY.fullmatch(key.strip()):
        return None
    written = lines[above].rstrip()
    start = _ITEMS.match(written)
    begins = start.end() if start else 0
    here = Span(file, mark.line + 1, column + 1, mark.line + 1, mark.column + 1)
    if ": " in written:
        if column <= begins:
            return None
        advice = "Indent it like the key above, or give that no text if this belongs below it."
        return diagnose("MG005", "this key is indented below a text, which it would continue", here, help=advice)
    if written.endswith(":"):
        return None
    place = Span(file, above + 1, begins + 1, above + 1, len(written) + 1)
    return diagnose("MG005", NO_COLON, place, help=with_colon(written[begins:]), notes=(Note(here, "read until here"),))


def wrong_quotes(text: str, span: Span) -> Diagnostic | None:
    """The diagnostic for a text between quotes that YAML takes for letters, as word processors write them."""
    if len(text) < _PAIR or text[0] not in _TYPESET or text[-1] not in _TYPESET:
        return None
    return diagnose(
        "MG005",
        f"`{text[0]}` and `{text[-1]}` are no quotes of YAML",
        span,
        help=f'Write `"{text[1:-1]}"`.',
    )


def rest_of_line(mark: Any, text: str) -> str:
    return split_lines(text[mark.index : mark.index + 300] or " ")[0].rstrip()
