"""The output tree in a real Git repository."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import compare
from tests.tree.support import build, codes, manifests

if TYPE_CHECKING:
    from pathlib import Path

BASE = {f"c{cluster}/shop/service_{name}.yaml": f"{name}\n".encode() for cluster in (1, 2) for name in "am"}
LEFT = BASE | {f"c{cluster}/shop/service_{name}.yaml": b"left\n" for cluster in (1, 2) for name in "bcn"}
RIGHT = BASE | {f"c{cluster}/shop/service_{name}.yaml": b"right\n" for cluster in (1, 2) for name in "deo"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of its own, whatever the machine's Git is set to."""
    directory = tmp_path / "repository"
    directory.mkdir()
    git(directory, "init", "--quiet", "--initial-branch=main")
    return directory


def git(repository: Path, *arguments: str) -> str:
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(repository),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    return subprocess.run(
        ["git", *arguments], cwd=repository, env=environment, capture_output=True, check=True, text=True
    ).stdout


def commit(repository: Path, wanted: dict[str, bytes], branch: str, start: str = "") -> None:
    git(repository, "checkout", "--quiet", "-B", branch, *([start] if start else []))
    build(repository / "output", wanted)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", branch)


def merged(repository: Path, base: dict[str, bytes], left: dict[str, bytes], right: dict[str, bytes]) -> Path:
    """The output tree of two branches that were built apart and merged by Git."""
    commit(repository, base, "main")
    commit(repository, left, "left", "main")
    commit(repository, right, "right", "main")
    git(repository, "merge", "--quiet", "--no-edit", "left")
    assert git(repository, "status", "--porcelain") == ""
    return repository / "output"


def test_two_branches_that_add_services_merge_without_conflict_and_check_is_content(repository: Path) -> None:
    output = merged(repository, BASE, LEFT, RIGHT)
    comparison = compare(output, LEFT | RIGHT)
    assert codes(comparison) == set()
    assert comparison.in_sync
    build(output, LEFT | RIGHT)
    assert manifests(output) == LEFT | RIGHT
    lines = (output / ".meshgen/c1.owned").read_text().splitlines()
    assert [line[66:] for line in lines] == sorted(path for path in LEFT | RIGHT if path.startswith("c1/"))


def test_a_branch_that_removes_beside_one_that_changes_merges(repository: Path) -> None:
    wanted = {path: content for path, content in BASE.items() if not path.endswith("_a.yaml")}
    changed = {path: b"new\n" if path.endswith("_m.yaml") else content for path, content in BASE.items()}
    end = dict.fromkeys(wanted, b"new\n")
    output = merged(repository, BASE, wanted, changed)
    comparison = compare(output, end)
    assert codes(comparison) == set()
    assert comparison.in_sync
    build(output, end)
    assert manifests(output) == end


def test_two_branches_that_write_the_same_file_alike_merge(repository: Path) -> None:
    both = BASE | {"c1/shop/service_x.yaml": b"x\n"}
    output = merged(repository, BASE, both | LEFT, both | RIGHT)
    assert compare(output, both | LEFT | RIGHT).in_sync


def test_the_union_driver_is_what_makes_lists_merge(repository: Path) -> None:
    build(repository / "output", BASE)
    attribute = git(repository, "check-attr", "merge", "output/.meshgen/c1.owned")
    assert attribute == "output/.meshgen/c1.owned: merge: union\n"
    generated = git(repository, "check-attr", "linguist-generated", "output/c1/shop/service_a.yaml")
    assert generated == "output/c1/shop/service_a.yaml: linguist-generated: set\n"


def test_a_crlf_checkout_is_in_sync(repository: Path) -> None:
    commit(repository, BASE, "main")
    git(repository, "config", "core.autocrlf", "true")
    for path in repository.glob("output/**/*"):
        if path.is_file():
            path.unlink()
    git(repository, "checkout", "--", ".")
    output = repository / "output"
    assert (output / "c1/shop/service_a.yaml").read_bytes() == b"a\r\n", "Git wrote CRLF"
    comparison = compare(output, BASE)
    assert comparison.in_sync
    assert comparison.is_settled
    assert comparison.diagnostics == ()
    build(output, LEFT)
    assert git(repository, "status", "--porcelain").count("\n") == len(LEFT.keys() - BASE.keys()) + 2


def test_git_sees_nothing_of_a_build_that_died(repository: Path) -> None:
    commit(repository, BASE, "main")
    meta = repository / "output/.meshgen"
    (meta / "staging-7").mkdir()
    (meta / "staging-7/0").write_text("half")
    (meta / "journal").write_text("")
    (meta / "lock").write_text("7")
    assert git(repository, "status", "--porcelain") == ""


def test_git_lists_every_file_of_the_tree(repository: Path) -> None:
    commit(repository, BASE, "main")
    assert git(repository, "ls-files").splitlines() == sorted(
        f"output/{path}"
        for path in [*BASE, ".gitattributes", ".meshgen/.gitignore", ".meshgen/c1.owned", ".meshgen/c2.owned"]
    )
