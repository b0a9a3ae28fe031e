"""Lines as libyaml counts them, so that a span and a shown line mean the same."""

from __future__ import annotations

import re

LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""A line break of YAML 1.1; 1.2 has fewer, but libyaml counts these."""


def split_lines(text: str) -> list[str]:
    """The lines of `text` without their breaks."""
    return LINE_BREAK.split(text)
