"""What came from outside, made safe where it leaves: for terminals, for the logs of CI, for documents.

Names, kinds, paths and answers of programs are whatever a stranger's pull request says. They must not move a cursor,
reorder what stands beside them, give orders to the machine that reads the log, or be too much to read (ADR 22).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.model import Diagnostic, Note, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_TEXT = 2_000
"""Characters of one text of a finding that are shown."""
MOST_NOTES = 1_000
"""Second places of one finding that are shown."""
MOST_OWNERS = 5
"""Owners of one file that are named."""
MOST_FINDINGS = 1_000
"""Findings that are shown."""

_STANDS_FOR = "\ufffd"
# Control characters, and what Unicode has to hide text or to change its order (UAX 9, UTS 39); joiners stay, since
# scripts and emoji are written with them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNDECODABLE = range(0xDC80, 0xDD00)
"""What Python makes of bytes that are no text (PEP 383)."""
# Runners read commands from what a step prints: at the start of a line (GitHub: ActionCommand.TryParseV2, which leaves
# blanks out), or after `##` and up to `[` anywhere (GitHub's TryParse, Azure Pipelines, TeamCity).
_COMMAND = re.compile(r"^(\s*:)(?=:[A-Za-z])|#(?=#[A-Za-z]*\[)", re.MULTILINE)
_COMMAND_IN_DOCUMENT = re.compile(r"#(?=#[A-Za-z]*\[)")
_SECRET = re.compile(r"(://[^\s/@:]*:)([^\s/@]+)(?=@)|()((?:gh[opsur]_|github_pat_|glpat-)[-\w]+)")
"""The password of a URL, and tokens that GitHub and GitLab make, which stand anywhere in one."""


def masked(text: str) -> str:
    """`text` with `*` for each character of the credentials that URLs in it carry."""
    return _SECRET.sub(lambda match: (match[1] or "") + "*" * len(match[2] or match[4]), text)


def printable(text: str) -> str:
    """`text` in one line, without characters that change how a terminal shows what stands around them."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_shown, text)


def printable_lines(text: str) -> str:
    """`text` for people, line by line: as `printable`, tabs stay, and no line is a command of a CI runner."""
    return without_commands("\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n")))


def without_commands(text: str) -> str:
    """`text` with a blank in what a CI runner would take for a command."""
    return _COMMAND.sub(lambda match: f"{match[0]} ", text)


def json_text(value: Any) -> str:
    """`value` as a JSON document that every terminal and encoding can show, and no CI runner takes for a command."""
    import json  # most commands print none

    return _COMMAND_IN_DOCUMENT.sub(r"\\u0023", json.dumps(value, indent=2))


def xml_text(document: str) -> str:
    """The XML `document`, as `json_text` makes one of JSON."""
    safe = _COMMAND.sub(lambda match: f"{match[0][:-1]}&#{ord(match[0][-1])};", document)
    return safe.encode("ascii", "xmlcharrefreplace").decode()


def shown(found: Diagnostic) -> Diagnostic:
    """`found` as every format may show it: in one line each, and no longer than people read."""
    return replace(
        found,
        message=_text(found.message),
        help=_text(found.help),
        object=_text(found.object),
        owners=tuple(map(_text, found.owners[:MOST_OWNERS])),
        span=_place(found.span) if found.span else None,
        notes=tuple(Note(_place(note.span), _text(note.text)) for note in found.notes[:MOST_NOTES]),
    )


def bounded(diagnostics: Iterable[Diagnostic], most: int = MOST_FINDINGS) -> tuple[list[Diagnostic], int]:
    """The first of `diagnostics`, errors before others where not all fit, and how many are left out."""
    found = list(diagnostics)
    if len(found) <= most:
        return found, 0
    errors = [each for each in found if each.severity == "error"]
    others = [each for each in found if each.severity != "error"]
    kept = {id(each) for each in [*errors, *others][:most]}
    return [each for each in found if id(each) in kept], len(found) - most


def _text(text: str) -> str:
    text = masked(text)
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT - 1]}…"
    return printable(" ".join(text.splitlines()) if not text.isprintable() else text)


def _place(span: Span) -> Span:
    return span._replace(file=_text(span.file))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if code in _UNDECODABLE else _STANDS_FOR
