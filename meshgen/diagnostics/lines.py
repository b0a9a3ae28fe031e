"""Lines as libyaml counts them, so that a span and a shown line mean the same."""

from __future__ import annotations

import re

LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""A line break of YAML 1.1; 1.2 has fewer, but libyaml counts these."""


def split_lines(text: str) -> list[str]:
    """The lines of `text` without their breaks."""
    return LINE_BREAK.split(text)


def lines_with_breaks(text: str) -> list[str]:
    """The lines of `text`, each with its break."""
    pieces, start = [], 0
    for match in LINE_BREAK.finditer(text):
        pieces.append(text[start : match.end()])
        start = match.end()
    pieces.append(text[start:])
    return pieces
