"""Names as the findings about revisions list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def listed(names: Iterable[str]) -> str:
    """All of them: where `--allow-withdrawal` overrules, the finding is the record of what was cut."""
    *before, last = [f"`{name}`" for name in names]
    return f"{', '.join(before)} and {last}" if before else last
