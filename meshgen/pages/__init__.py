"""The pages of the codes: what, why, an example, and the fix. Data, read when somebody asks."""

from __future__ import annotations

import re
from pathlib import Path

_FOLDER = Path(__file__).parent
_CODE = re.compile(r"MG[0-9]{3}")


def codes() -> list[str]:
    """All codes that have a page, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("MG*.md"))


def page(code: str) -> str | None:
    """The page of `code`, or None without one."""
    if not _CODE.fullmatch(code):
        return None
    try:
        return (_FOLDER / f"{code}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def title(code: str) -> str | None:
    """The short phrase in the heading of the page of `code`."""
    text = page(code)
    return text.partition("\n")[0].partition(": ")[2] if text else None
