"""Whose a file is, and whether something could give it back (docs/adr/0015-ownership.md), in real repositories."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.fleets import HAS, LACKS
from tests.git.support import commit, git, init, put

if TYPE_CHECKING:
    from pathlib import Path

    from tests.build.project import Outcome, Project

RULE = "c1/shop/destinationrule.networking.istio.io_meshgen-web.yaml"
MOVED = HAS.replace("192.0.2.2", "192.0.2.3")
"""The same fleet with another address of c2: an entry in c1 differs."""


@pytest.fixture
def committed(project: Project) -> Project:
    """A repository whose one commit holds a fleet and its output, as a clone has it: without local state."""
    init(project.root)
    project.write(HAS)
    assert project.build().code == 0
    commit(project.root, "first")
    forget(project)
    return project


def forget(project: Project) -> None:
    """Be on another machine, which knows nothing of earlier builds."""
    shutil.rmtree(project.output / ".meshgen", ignore_errors=True)


def edit(project: Project, path: str = RULE, note: str = "# by hand\n") -> Path:
    file = project.output / path
    file.write_bytes(file.read_bytes() + note.encode())
    return file


def codes(outcome: Outcome) -> list[str]:
    """The findings about the tree."""
    return [line.partition("[")[2][:5] for line in outcome.said.splitlines() if "[MG6" in line]


def in_sync(project: Project) -> bool:
    outcome = project.build("--check")
    return (outcome.code, outcome.drift, codes(outcome)) == (0, [], [])


def test_nothing_of_the_local_state_is_for_git(committed: Project) -> None:
    assert committed.build().code == 0
    assert (committed.output / ".meshgen/local/c1.written").is_file()
    assert git(committed.root, "status", "--porcelain", "--untracked-files=all") == ""
    assert not any("meshgen/" in path for path in git(committed.root, "ls-files").splitlines())


def test_clean(committed: Project) -> None:
    assert in_sync(committed)
    committed.write(MOVED)
    assert codes(committed.build()) == []
    assert in_sync(committed)


def test_git_is_not_asked_where_nothing_differs(committed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshgen.tree.ownership.open_repository", None)
    assert in_sync(committed)


@pytest.mark.parametrize("staged", [False, True], ids=["edited", "edited and staged"])
def test_an_edit_that_nothing_could_give_back_is_asked_about(committed: Project, *, staged: bool) -> None:
    file = edit(committed)
    text = file.read_bytes()
    if staged:
        git(committed.root, "add", "--all")
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (1, ["MG601"])
    assert file.read_bytes() == text
    assert committed.build("--overwrite-edits").code == 0
    assert in_sync(committed)


def test_an_edit_that_was_committed_is_a_difference_that_the_next_build_takes_back(committed: Project) -> None:
    edit(committed)
    commit(committed.root, "edit")
    checked = committed.build("--check")
    assert (checked.code, checked.drift, codes(checked)) == (1, [f"~ {RULE}"], [])
    assert committed.build().code == 0
    assert in_sync(committed)


def test_what_a_build_wrote_and_nobody_committed_may_go_by_the_local_state(committed: Project) -> None:
    committed.write(MOVED)
    assert committed.build().code == 0
    committed.write(HAS)
    assert committed.build().code == 0
    assert in_sync(committed)


def test_a_file_under_another_name_is_foreign(committed: Project) -> None:
    copy = committed.output / "c1/shop/copy.yaml"
    shutil.copy(committed.output / RULE, copy)
    elsewhere = committed.output / "c1/other" / RULE.rpartition("/")[2]
    elsewhere.parent.mkdir()
    shutil.copy(committed.output / RULE, elsewhere)
    outcome = committed.build("--overwrite-edits")
    assert codes(outcome) == ["MG603", "MG603"]
    assert copy.exists()
    assert elsewhere.exists()


def test_a_file_under_another_name_is_foreign_in_a_conflict_too(committed: Project) -> None:
    copy = committed.output / "c1/shop/copy.yaml"
    shutil.copy(committed.output / RULE, copy)
    commit(committed.root, "copy")
    for branch in ("other", "main"):
        git(committed.root, "checkout", "--quiet", "-B", branch, "main")
        copy.write_text(copy.read_text() + f"# {branch}\n")
        commit(committed.root, branch)
        git(committed.root, "checkout", "--quiet", "main")
    git(committed.root, "merge", "other", codes=(1,))
    mine = copy.read_bytes()
    assert b"<<<<<<<" in mine
    assert codes(committed.build("--overwrite-edits")) == ["MG603"]
    assert copy.read_bytes() == mine


def test_a_file_without_the_header_is_foreign(committed: Project) -> None:
    file = committed.output / RULE
    mine = file.read_text().partition("\n")[2]
    file.write_text(mine)
    outcome = committed.build("--overwrite-edits")
    assert (outcome.code, codes(outcome)) == (1, ["MG602"])
    assert file.read_text() == mine


def test_a_directory_that_was_moved_is_written_anew_and_the_old_one_goes(committed: Project) -> None:
    git(committed.root, "mv", "output/c1", "output/c7")
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (0, [])
    assert not (committed.output / "c7").exists()
    git(committed.root, "add", "--all")
    assert git(committed.root, "status", "--porcelain") == "", "it is all where it was"
    assert in_sync(committed)


def test_an_output_directory_that_was_moved_is_known_by_its_contents(committed: Project) -> None:
    git(committed.root, "mv", "output", "elsewhere")
    committed.write(MOVED)
    outcome = committed.run("build", str(committed.fleet), "-o", str(committed.root / "elsewhere"), "--kubeconform=off")
    assert outcome.code == 0, outcome.said


def diverge(project: Project) -> None:
    """Two branches, each with another address of c2 and its output; `main` is checked out."""
    for branch, address in (("other", "192.0.2.8"), ("main", "192.0.2.9")):
        git(project.root, "checkout", "--quiet", "-B", branch, "main")
        project.write(HAS.replace("192.0.2.2", address))
        assert project.build().code == 0
        commit(project.root, branch)
        git(project.root, "checkout", "--quiet", "main")
    forget(project)


@pytest.mark.parametrize("command", ["merge", "rebase", "cherry-pick"])
def test_a_conflict_needs_no_option(committed: Project, command: str) -> None:
    diverge(committed)
    git(committed.root, command, "other", codes=(1,))
    assert b"<<<<<<<" in b"".join(committed.tree.values())
    committed.write(MOVED)
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (0, [])
    assert in_sync(committed)


@pytest.mark.parametrize("ended", [False, True], ids=["not committed", "committed"])
def test_a_clean_merge_needs_no_option(committed: Project, *, ended: bool) -> None:
    """Both sides change one file in other lines, so that its content is in no commit before the merge is."""
    lines = (committed.output / RULE).read_text().splitlines(keepends=True)
    for branch, place in (("other", 1), ("main", len(lines))):
        git(committed.root, "checkout", "--quiet", "-B", branch, "main")
        (committed.output / RULE).write_text("".join([*lines[:place], f"# {branch}\n", *lines[place:]]))
        commit(committed.root, branch)
        git(committed.root, "checkout", "--quiet", "main")
    git(committed.root, "merge", "--quiet", *(("--no-edit",) if ended else ("--no-commit", "--no-ff")), "other")
    text = (committed.output / RULE).read_text()
    assert "# main\n" in text
    assert "# other\n" in text
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (0, [])
    assert in_sync(committed)


def test_an_edit_in_a_merge_is_asked_about(committed: Project) -> None:
    diverge(committed)
    git(committed.root, "merge", "other", codes=(1,))
    edit(committed)
    committed.write(MOVED)
    assert codes(committed.build()) == ["MG601"]


def test_a_checkout_with_crlf(committed: Project) -> None:
    git(committed.root, "config", "core.autocrlf", "true")
    shutil.rmtree(committed.output)
    git(committed.root, "checkout", "--", "output")
    assert b"\r\n" in (committed.output / RULE).read_bytes()
    assert in_sync(committed)
    committed.write(MOVED)
    assert codes(committed.build()) == []
    edit(committed)
    assert codes(committed.build()) == ["MG601"]


def test_a_submodule_is_asked_about_its_own_files(project: Project) -> None:
    inner = init(project.root / "inner")
    project.write(HAS)
    project.run("build", str(project.fleet), "-o", str(inner), "--kubeconform", "off")
    commit(inner, "inner")
    outer = init(project.root / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(inner), "output")
    commit(outer, "outer")
    project.write(MOVED)
    outcome = project.run("build", str(project.fleet), "-o", str(outer / "output"), "--kubeconform", "off")
    assert outcome.code == 0, outcome.said


def test_a_repository_within_the_output_is_asked_about_its_own_files(committed: Project) -> None:
    init(committed.output / "c1")
    project = committed
    project.write(MOVED)
    assert "MG601" in codes(project.build()), "that repository has no commit yet"
    commit(committed.output / "c1", "c1")
    assert codes(project.build()) == []


def test_without_git_only_the_local_state_counts_and_that_is_said_once(
    committed: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    committed.write(MOVED)
    found = codes(committed.build())
    assert found.count("MG614") == 1
    assert "MG601" in found
    assert committed.build("--overwrite-edits", "--allow-withdrawal").code == 0
    committed.write(HAS)
    assert codes(committed.build()) == [], "a build here wrote it"


def test_MG614_fires_when_the_repository_is_somebody_elses(committed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    committed.write(MOVED)
    outcome = committed.build()
    assert codes(outcome).count("MG614") == 1
    assert "dubious ownership" in outcome.said


def test_MG614_silent_when_nothing_differs_or_there_is_no_repository(
    committed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert codes(committed.build("--check")) == ["MG653"]
    shutil.rmtree(committed.root / ".git")
    committed.write(MOVED)
    assert set(codes(committed.build())) == {"MG601"}


def test_a_bare_repository_in_the_output_runs_nothing(committed: Project, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    git(committed.root, "init", "--quiet", "--bare", "output/c1/shop")
    with (committed.output / "c1/shop/config").open("a") as config:
        config.write(f"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = touch {witness}; false\n")
    committed.write(MOVED)
    assert "MG601" not in codes(committed.build())
    assert not witness.exists()


def test_what_a_sparse_checkout_leaves_out_is_not_recreated(committed: Project) -> None:
    git(committed.root, "sparse-checkout", "set", "fleet", "output/c2")
    assert not (committed.output / "c1").exists()
    assert in_sync(committed)
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (0, [])
    assert not (committed.output / "c1").exists()


def test_MG615_fires_when_what_is_left_out_would_change(committed: Project) -> None:
    git(committed.root, "sparse-checkout", "set", "fleet", "output/c2")
    committed.write(MOVED)
    outcome = committed.build()
    assert (outcome.code, codes(outcome)) == (0, ["MG615"])
    assert not (committed.output / "c1").exists()
    assert committed.build("--check").code == 1


def test_MG615_silent_when_it_is_not_looked_at(committed: Project) -> None:
    git(committed.root, "sparse-checkout", "set", "fleet", "output/c2")
    committed.write(MOVED)
    assert codes(committed.build("--cluster", "c2")) == []


def test_assume_unchanged_changes_nothing(committed: Project) -> None:
    git(committed.root, "update-index", "--assume-unchanged", f"output/{RULE}")
    file = edit(committed)
    assert codes(committed.build()) == ["MG601"]
    git(committed.root, "update-index", "--no-assume-unchanged", f"output/{RULE}")
    git(committed.root, "checkout", "--", str(file))
    git(committed.root, "update-index", "--assume-unchanged", f"output/{RULE}")
    assert in_sync(committed)


def test_the_index_of_a_hook_is_not_believed(committed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git commit FILE` runs hooks with an index of its own, in which an edit is staged."""
    diverge(committed)
    git(committed.root, "merge", "other", codes=(1,))
    index = committed.root / ".git/next-index"
    shutil.copy(committed.root / ".git/index", index)
    edit(committed)
    git(committed.root, "add", f"output/{RULE}", GIT_INDEX_FILE=str(index))
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    committed.write(MOVED)
    assert codes(committed.build()) == ["MG601"]


def test_a_file_of_another_repository_that_holds_the_output_is_judged_there(committed: Project, tmp_path: Path) -> None:
    other = init(tmp_path / "other")
    shutil.copytree(committed.output, other / "output")
    commit(other, "other")
    committed.write(MOVED)
    outcome = committed.run("build", str(committed.fleet), "-o", str(other / "output"), "--kubeconform", "off")
    assert outcome.code == 0, outcome.said


OLD_ATTRIBUTES = "/.meshgen/*.owned merge=union linguist-generated\n*.yaml linguist-generated\n"


def old_form(project: Project) -> None:
    """What builds before 0.1.0 left beside the manifests."""
    sums = {top: "".join(f"{'0' * 64}  {path}\n" for path in project.names(f"{top}/**/*.yaml")) for top in ("c1", "c2")}
    for top, text in sums.items():
        put(project.output, f".meshgen/{top}.owned", text)
    put(project.output, ".meshgen/.gitignore", "/journal\n/lock\n/staging-*/\n")
    put(project.output, ".gitattributes", OLD_ATTRIBUTES)


def test_the_old_form_goes_with_the_first_build(committed: Project) -> None:
    old_form(committed)
    commit(committed.root, "old form")
    checked = committed.build("--check")
    assert checked.code == 1
    assert checked.drift == [
        "- .meshgen/c1.owned",
        "- .meshgen/c2.owned",
        "- .gitattributes",
        "- .meshgen/.gitignore",
    ]
    assert committed.build().code == 0
    assert git(committed.root, "status", "--porcelain").splitlines() == [
        "D output/.gitattributes",
        " D output/.meshgen/.gitignore",
        " D output/.meshgen/c1.owned",
        " D output/.meshgen/c2.owned",
    ]
    assert in_sync(committed)


def test_lines_of_others_in_gitattributes_stay(committed: Project) -> None:
    old_form(committed)
    put(committed.output, ".gitattributes", f"*.md text\n{OLD_ATTRIBUTES}*.png binary")
    assert committed.build().code == 0
    assert (committed.output / ".gitattributes").read_text() == "*.md text\n*.png binary"


def test_lists_of_the_old_form_are_local_state_once(project: Project) -> None:
    """Without Git: what such a list has by path and hash may go."""
    project.write(HAS)
    project.build()
    written = {top: (project.output / f".meshgen/local/{top}.written").read_text() for top in ("c1", "c2")}
    forget(project)
    for top, text in written.items():
        put(project.output, f".meshgen/{top}.owned", text)
    project.write(MOVED)
    assert project.build("--cluster", "c2").code == 0
    assert not list(project.output.glob(".meshgen/*.owned"))
    assert codes(project.build()) == [], "also of a cluster that was not built then"


def test_no_change_of_a_file_at_all_when_the_fleet_does_not_change(committed: Project) -> None:
    committed.build()
    before = {path: path.stat().st_mtime_ns for path in committed.output.rglob("*")}
    committed.write(LACKS)
    committed.write(HAS)
    committed.build()
    assert {path: path.stat().st_mtime_ns for path in committed.output.rglob("*")} == before
