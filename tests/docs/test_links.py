"""Every link between the project's pages leads to a file that is there, and to a heading in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for pattern in ("*.md", "docs/**/*.md", "lab/*.md", "meshgen/pages/*.md")
    for page in sorted(ROOT.glob(pattern))
    if page.name != "CHANGELOG.md"
]


def prose(page: Path) -> str:
    without_blocks = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`(?!\])", "", without_blocks)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The fragments that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def lost(page: Path, target: str) -> bool:
    path, _, fragment = target.partition("#")
    leads = (page.parent / path).resolve() if path else page
    return not leads.exists() or bool(fragment and leads.suffix == ".md" and fragment not in anchors(leads))


def test_links_of_pages_lead_somewhere() -> None:
    links = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    within = [(page, target) for page, target in links if not re.match(r"[a-z]+:", target)]
    assert len(within) > 500
    assert [f"{page.relative_to(ROOT)}: {target}" for page, target in within if lost(page, target)] == []
