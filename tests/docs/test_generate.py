"""`docs/rules.md` and the heads of the pages are what `make docs` makes of the tables of codes and rules."""

from __future__ import annotations

import io
import runpy
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = "tools/docs/generate.py"
FACTS = "docs/facts.yaml"
PAGE = "meshgen/pages/MG301.md"


def generate(root: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and all that the script of `root` says: run here, where what it imports is imported already."""
    said = io.StringIO()
    script = root / SCRIPT
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "argv", [str(script), *arguments])
        patch.syspath_prepend(str(script.parent))
        patch.delitem(sys.modules, "fields", raising=False)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(script), run_name="__main__")
        sys.modules.pop("fields", None)
    code = ended.value.code
    return code if isinstance(code, int) else 0, said.getvalue()


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script, its sources and what it made, in a directory of their own."""
    for folder in ("tools/docs", "docs", "meshgen/pages"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.py[co]", "adr"))
    return tmp_path


def test_the_committed_files_are_what_the_tables_say() -> None:
    assert generate(ROOT, "--check") == (0, "")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (PAGE, "Severity: error", "Severity: warning"),
        (PAGE, "a namespace in two workspaces", "a namespace in too many workspaces"),
        ("docs/rules.md", "| error | MG302 |", "| warning | MG302 |"),
        (FACTS, "codes: [MG302]", "codes: [MG303]"),
    ],
)
def test_a_change_by_hand_is_found_and_undone(copy: Path, file: str, old: str, new: str) -> None:
    made = copy / ("docs/rules.md" if file == FACTS else file)
    before = made.read_text(encoding="utf-8")
    replace(copy / file, old, new)
    shown = made.relative_to(copy)
    assert generate(copy, "--check") == (1, f"would change {shown}\n")
    assert generate(copy) == (0, f"wrote {shown}\n")
    assert (made.read_text(encoding="utf-8") == before) == (file != FACTS)
    assert generate(copy, "--check") == (0, "")


def test_what_people_write_below_the_head_is_kept(copy: Path) -> None:
    page = copy / PAGE
    replace(page, "## Fix", "A sentence of mine.\n\n## Fix")
    assert generate(copy) == (0, "")
    assert "A sentence of mine." in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (PAGE, None, f"{PAGE} is missing, or has no `## What`"),
        (PAGE, "# MG301\n", f"{PAGE} is missing, or has no `## What`"),
        ("meshgen/pages/MG999.md", "# MG999\n", "no table of codes or rules has MG999, but there are pages"),
        (FACTS, "intro: x\nsections: [{title: a, columns: [b], facts: [{codes: [MG999]}]}]", "MG999"),
    ],
)
def test_what_does_not_fit_together_is_said(copy: Path, file: str, text: str | None, said: str) -> None:
    if text is None:
        (copy / file).unlink()
    else:
        (copy / file).write_text(text, encoding="utf-8")
    code, output = generate(copy)
    assert code == 2
    assert said in output
