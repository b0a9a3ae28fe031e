"""Writes docs/rules.md and the heads of the pages of codes from the tables of codes and rules, docs/fields.md from the
models of the language.

    python tools/docs/generate.py            write
    python tools/docs/generate.py --check    write nothing, exit 1 when a file would change

Sources: `RULES` of each topic in meshgen/check/rules, `CODES` in meshgen/diagnostics/codes.py, docs/facts.yaml.
Exit 2: a page or a code is missing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fields
from ruamel.yaml import YAML

from meshgen.check.table import all_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
ROOT = Path(__file__).parents[2]
PAGES = ROOT / "meshgen" / "pages"
FACTS = ROOT / "docs" / "facts.yaml"
ALL = {each.code: each for each in all_codes()}
SEVERITIES = ("error", "warning", "hint")
BODY = "## What\n"
"""Where the part of a page that people write begins."""


class SourceError(Exception):
    """A page or a code that is named somewhere is not there."""


def head(code: str) -> str:
    """The head of a page."""
    said = ALL[code]
    return f"# {code}: {said.title}\n\nSeverity: {said.severity}, since {said.since}\n\n"


def pages() -> Iterator[tuple[Path, str]]:
    """Every page as it has to be. Raises SourceError for a code without a page and a page without a code."""
    stray = sorted({path.stem for path in PAGES.glob("MG*.md")} - set(ALL))
    if stray:
        raise SourceError(f"no table of codes or rules has {', '.join(stray)}, but there are pages")
    for code in ALL:
        path = PAGES / f"{code}.md"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if BODY not in text:
            raise SourceError(f"{path.relative_to(ROOT)} is missing, or has no `{BODY.strip()}`")
        yield path, head(code) + text[text.index(BODY) :]


def rules() -> str:
    """docs/rules.md. Raises SourceError for a fact with an unknown code."""
    source: dict[str, Any] = YAML(typ="safe").load(FACTS)
    parts = [
        "# What meshgen checks, and why\n\n",
        "Made by `make docs` from [facts.yaml](facts.yaml) and the tables of rules and codes.\n\n",
        source["intro"],
    ]
    for section in source["sections"]:
        parts.append(f"\n## {section['title']}\n\n")
        if "text" in section:
            parts.append(f"{section['text']}\n\n")
        columns = [*section["columns"], "decided by", "severity", "code"]
        parts += table(columns, (row(fact) for fact in section["facts"]))
    parts.append("\n## All codes\n\n")
    lines = ([f"[{each.code}](../meshgen/pages/{each.code}.md)", *each[1:]] for each in ALL.values())
    parts += table(["code", "severity", "title", "since"], lines)
    return "".join(parts)


def row(fact: dict[str, Any]) -> list[str]:
    """A line of a table; a fact that says nothing itself is what its only code finds."""
    codes = fact.get("codes", [])
    unknown = [code for code in codes if code not in ALL]
    if unknown:
        raise SourceError(f"{FACTS.relative_to(ROOT)} names {', '.join(unknown)}, which no table has")
    said = fact["fact"] if "fact" in fact else ALL[codes[0]].title
    severities = sorted({ALL[code].severity for code in codes}, key=SEVERITIES.index)
    cells = said if isinstance(said, list) else [said]
    return [*cells, fact["decided_by"], ", ".join(severities) or "—", ", ".join(codes) or "—"]


def table(columns: list[str], lines: Iterable[list[str]]) -> Iterator[str]:
    """A table of Markdown, line by line."""
    yield f"| {' | '.join(columns)} |\n"
    yield f"|{'---|' * len(columns)}\n"
    for line in lines:
        yield f"| {' | '.join(line)} |\n"


def main() -> int:
    """Runs the command line and returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 when a file would change")
    check = parser.parse_args().check
    try:
        wanted = {ROOT / "docs" / "rules.md": rules(), ROOT / "docs" / "fields.md": fields.page(), **dict(pages())}
    except SourceError as error:
        print(error, file=sys.stderr)
        return 2
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{'would change' if check else 'wrote'} {path.relative_to(ROOT)}")
        if not check:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
