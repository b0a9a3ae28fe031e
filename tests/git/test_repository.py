"""What Git says of a directory: commits, trees, the index, and why it says nothing."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from meshgen.git import Cause, GitError, TreeFile, open_repository, process
from tests.git.support import commit, git, init, put

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return init(tmp_path / "repository")


def refused(directory: Path) -> Cause:
    with pytest.raises(GitError) as raised:
        open_repository(directory)
    return raised.value.cause


# Where Git can be asked


def test_a_directory_is_known_by_its_place_in_the_work_tree(repository: Path) -> None:
    put(repository, "a/b/c.yaml", "c\n")
    assert open_repository(repository).prefix == ""
    assert open_repository(repository / "a/b").prefix == "a/b/"
    assert open_repository(repository / "a/b").top == str(repository.resolve())


def test_a_directory_need_not_exist_yet(repository: Path) -> None:
    commit(repository, output__c1__a="a\n")
    shutil.rmtree(repository / "output")
    opened = open_repository(repository / "output")
    assert opened.prefix == "output/"
    assert list(opened.index()) == ["c1/a"]


def test_a_link_to_a_directory_is_the_directory(repository: Path, tmp_path: Path) -> None:
    commit(repository, output__a="a\n")
    (tmp_path / "link").symlink_to(repository / "output")
    assert open_repository(tmp_path / "link").prefix == "output/"


def test_remotes_are_known_by_their_urls(repository: Path) -> None:
    assert open_repository(repository).remotes() == ()
    git(repository, "remote", "add", "origin", "https://git.example.com/fleet.git")
    git(repository, "remote", "add", "b.url", "git@git.example.com:fleet.git")
    assert open_repository(repository).remotes() == (
        "https://git.example.com/fleet.git",
        "git@git.example.com:fleet.git",
    )


def test_no_repository_is_told_from_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(tmp_path) is Cause.NO_REPOSITORY
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused(tmp_path) is Cause.NO_GIT


def test_somebody_elses_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert refused(repository) is Cause.OWNERSHIP
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")
    assert open_repository(repository).prefix == ""


def test_a_work_tree_whose_repository_is_gone_is_not_taken_for_none(tmp_path: Path) -> None:
    put(tmp_path, "work/.git", f"gitdir: {tmp_path}/gone\n")
    assert refused(tmp_path / "work") is Cause.FAILED


def test_git_that_does_not_answer(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = put(tmp_path, "bin/git", f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(process, "SECONDS", 0.2)
    assert refused(repository) is Cause.FAILED


# What is never run


@pytest.mark.parametrize("path", ["{repository}/bin", "{root}/link", "bin", ""])
def test_a_git_that_came_with_the_repository_is_not_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for directory in ("bin", ""):
        put(repository, f"{directory}/git", f"#!/bin/sh\ntouch {tmp_path}/witness\n").chmod(0o755)
    (tmp_path / "link").symlink_to(repository / "bin")
    monkeypatch.setenv("PATH", path.format(repository=repository, root=tmp_path))
    monkeypatch.chdir(repository)
    assert refused(repository) is Cause.NO_GIT
    monkeypatch.chdir("/")
    assert refused(repository) is Cause.NO_GIT
    assert not (tmp_path / "witness").exists()


@pytest.mark.parametrize("safe", [process._SAFE, ("--literal-pathspecs",)], ids=["today's git", "an old git"])
def test_a_bare_repository_among_the_files_is_not_asked_and_runs_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, safe: tuple[str, ...]
) -> None:
    witness = tmp_path / "witness"
    bare = repository / "output"
    init(bare, "--bare")
    with (bare / "config").open("a") as config:
        config.write(f"[core]\n\tbare = false\n\tworktree = .\n\tfsmonitor = touch {witness}; false\n")
    monkeypatch.setattr(process, "_SAFE", safe)
    assert refused(bare) is Cause.BARE
    assert not witness.exists()


def test_no_program_of_the_configuration_is_run(repository: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    commit(repository, output__a="a\n")
    commit(repository, output__b="b\n")
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "core.pager", "diff.x.textconv"):
        git(repository, "config", key, f"touch {witness}; cat")
    put(repository, ".gitattributes", "* filter=x diff=x\n")
    put(repository, "output/a", "changed\n")
    opened = open_repository(repository / "output")
    head = opened.head()
    assert head is not None
    opened.blob_ids(b"changed\n")
    opened.index()
    opened.last_change(head)
    assert opened.files(head) == {"a": b"a\n", "b": b"b\n"}
    assert not witness.exists()


def test_a_partial_clone_does_not_fetch(repository: Path, tmp_path: Path) -> None:
    first = commit(repository, output__a="old\n")
    commit(repository, output__a="new\n")
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", f"file://{repository}", "partial")
    opened = open_repository(tmp_path / "partial/output")
    assert opened.files("HEAD") == {"a": b"new\n"}
    assert list(opened.tree(first)) == ["a"]
    with pytest.raises(GitError):
        opened.files(first)


def test_the_index_file_is_not_rewritten(repository: Path) -> None:
    commit(repository, a="a\n")
    os.utime(repository / "a", (1, 1))
    before = (repository / ".git/index").read_bytes()
    open_repository(repository).index()
    assert (repository / ".git/index").read_bytes() == before


def test_the_environment_of_a_hook_is_not_believed(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, a="a\n")
    other = init(tmp_path / "other")
    commit(other, b="b\n")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert list(open_repository(repository).index()) == ["a"]


# Commits


def test_HEAD_is_unborn_before_the_first_commit(repository: Path) -> None:
    assert open_repository(repository).head() is None
    first = commit(repository, a="a\n")
    assert open_repository(repository).head() == first


def test_a_revision_that_is_none(repository: Path) -> None:
    first = commit(repository, a="a\n")
    opened = open_repository(repository)
    assert opened.commit("main") == first
    assert [opened.commit(name) for name in ("gone", "--all", "main:a", "", "0" * 40, "a\nb")] == [None] * 6


def diverged(repository: Path) -> tuple[str, str]:
    """Two branches that change one file: `main` checked out, and `other`."""
    commit(repository, a="base\n")
    git(repository, "checkout", "--quiet", "-b", "other")
    other = commit(repository, a="other\n")
    git(repository, "checkout", "--quiet", "main")
    return commit(repository, a="main\n"), other


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("merge", "other"), "MERGE_HEAD"),
        (("cherry-pick", "other"), "CHERRY_PICK_HEAD"),
        (("revert", "--no-edit", "other~"), "REVERT_HEAD"),
    ],
)
def test_what_has_not_ended(repository: Path, command: tuple[str, ...], name: str) -> None:
    main, other = diverged(repository)
    expected = git(repository, "rev-parse", command[-1])
    git(repository, *command, codes=(1,))
    opened = open_repository(repository)
    assert opened.others() == {name: (expected,)}
    assert opened.head() == main
    assert opened.parents(other) == (git(repository, "rev-parse", "other~"),)


def test_a_rebase_that_has_not_ended(repository: Path) -> None:
    main, other = diverged(repository)
    git(repository, "rebase", "other", codes=(1,))
    opened = open_repository(repository)
    assert opened.others() == {"REBASE_HEAD": (main,)}
    assert opened.head() == other


def test_a_merge_in_a_second_work_tree_is_only_there(repository: Path, tmp_path: Path) -> None:
    _, other = diverged(repository)
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"), "main")
    git(tmp_path / "second", "merge", "other", codes=(1,))
    assert open_repository(tmp_path / "second").others() == {"MERGE_HEAD": (other,)}
    assert open_repository(repository).others() == {}


def test_a_branch_named_like_a_merge_is_none(repository: Path) -> None:
    commit(repository, a="a\n")
    git(repository, "tag", "REBASE_HEAD")
    git(repository, "tag", "MERGE_HEAD")
    assert open_repository(repository).others() == {}


def test_the_parents_of_a_merge(repository: Path) -> None:
    first = commit(repository, a="a\n")
    git(repository, "checkout", "--quiet", "-b", "other")
    other = commit(repository, b="b\n")
    git(repository, "checkout", "--quiet", "main")
    main = commit(repository, c="c\n")
    git(repository, "merge", "--quiet", "--no-edit", "other")
    opened = open_repository(repository)
    assert opened.parents("HEAD") == (main, other)
    assert opened.parents(first) == ()


def test_the_last_commit_that_changed_a_directory(repository: Path) -> None:
    commit(repository, output__a="a\n")
    second = commit(repository, output__a="b\n")
    third = commit(repository, fleet__a="b\n")
    opened = open_repository(repository / "output")
    assert opened.last_change("HEAD") == second
    assert open_repository(repository / "never").last_change("HEAD") is None
    assert open_repository(repository).last_change("HEAD") == third


def test_a_shallow_clone_says_where_it_ends(repository: Path, tmp_path: Path) -> None:
    commit(repository, output__a="a\n")
    last = commit(repository, fleet__a="a\n")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{repository}", "shallow")
    opened = open_repository(tmp_path / "shallow/output")
    assert opened.shallow
    assert opened.boundary == {last}
    assert opened.last_change("HEAD") == last
    assert opened.parents("HEAD") == ()
    assert not open_repository(repository).shallow


# Trees, contents, the index


def test_what_a_commit_holds(repository: Path) -> None:
    put(repository, "output/link", "")
    (repository / "output/link").unlink()
    (repository / "output/link").symlink_to("a")
    put(repository, "output/run", "run\n").chmod(0o755)
    commit(repository, output__a="a\n", output__c1__b="b\n", fleet__c="c\n")
    opened = open_repository(repository / "output")
    assert {path: file.mode for path, file in opened.tree("HEAD").items()} == {
        "a": "100644",
        "c1/b": "100644",
        "link": "120000",
        "run": "100755",
    }
    assert opened.files("HEAD") == {"a": b"a\n", "c1/b": b"b\n", "run": b"run\n"}
    assert opened.files("HEAD", "c1") == {"c1/b": b"b\n"}
    assert opened.files("HEAD", "nothing") == {}
    (blob,) = opened.blob_ids(b"c\n")
    assert blob in opened.blobs("HEAD"), "of the whole tree"
    assert opened.tree("HEAD")["a"] == TreeFile("100644", opened.blob_ids(b"a\n")[0])


def test_where_links_of_a_commit_lead(repository: Path) -> None:
    links = {
        "beside": "file",
        "above": "../a",
        "twice": "beside",
        "out": "../../a",
        "absolute": "/a",
        "gone": "nothing",
        "directory": "deeper",
        "round": "round",
    }
    put(repository, "a", "a\n")
    put(repository, "fleet/file", "file\n")
    put(repository, "fleet/deeper/file", "deeper\n")
    for name, target in links.items():
        (repository / "fleet" / name).symlink_to(target)
    asked = open_repository(repository / "fleet")
    there = asked.tree(commit(repository))
    ends = asked.ends("HEAD", links)
    assert {name: end.id for name, end in ends.items() if end is not None} == {
        "beside": there["file"].id,
        "above": asked.blob_ids(b"a\n")[0],
        "twice": there["file"].id,
    }
    assert ends.keys() == links.keys()


@pytest.mark.parametrize("name", ["a b", "ä", "a\tb", "[a]*", '"q"', os.fsdecode(b"\xff"), "-a"])
def test_any_name_of_a_file(repository: Path, name: str) -> None:
    put(repository, f"output/{name}/{name}", "a\n")
    put(repository, "output/a/other", "b\n")
    commit(repository)
    opened = open_repository(repository / "output" / name)
    assert opened.files("HEAD") == {name: b"a\n"}
    assert list(opened.index()) == [name]
    assert opened.last_change("HEAD") == opened.head()


@pytest.mark.parametrize("content", [b"", b"a", b"a\n", b"\0\n\n", b"a" * 100_000])
def test_the_content_of_blobs(repository: Path, content: bytes) -> None:
    put(repository, "a", content)
    put(repository, "b", b"behind\n")
    commit(repository)
    assert open_repository(repository).files("HEAD") == {"a": content, "b": b"behind\n"}


def test_content_is_known_with_either_line_end(repository: Path) -> None:
    commit(repository, lf="a\nb\n", crlf="c\r\nd\r\n")
    opened = open_repository(repository)
    held = opened.blobs("HEAD")
    assert held.intersection(opened.blob_ids(b"a\r\nb\r\n")), "checked out with CRLF"
    assert held.intersection(opened.blob_ids(b"c\r\nd\r\n")), "committed with CRLF"
    assert not held.intersection(opened.blob_ids(b"a\nb"))


def test_a_repository_of_sha256(tmp_path: Path) -> None:
    repository = init(tmp_path / "repository", "--object-format=sha256")
    first = commit(repository, a="a\n")
    opened = open_repository(repository)
    assert opened.head() == first
    assert opened.blobs(first).intersection(opened.blob_ids(b"a\n"))
    assert opened.files(first) == {"a": b"a\n"}


def test_the_index_has_the_stages_of_what_is_unmerged(repository: Path) -> None:
    diverged(repository)
    git(repository, "merge", "other", codes=(1,))
    opened = open_repository(repository)
    entries = opened.index()["a"]
    assert [entry.stage for entry in entries] == [1, 2, 3]
    contents = opened.read(entry.id for entry in entries)
    assert [contents[entry.id] for entry in entries] == [b"base\n", b"main\n", b"other\n"]


def test_the_index_says_what_is_sparse_and_what_is_assumed(repository: Path) -> None:
    commit(repository, c1__a="a\n", c2__a="a\n", c1__b="b\n")
    git(repository, "sparse-checkout", "set", "c1")
    git(repository, "update-index", "--assume-unchanged", "c1/b")
    index = open_repository(repository).index()
    flags = {path: (entry.sparse, entry.assumed) for path, (entry,) in index.items()}
    assert flags == {"c1/a": (False, False), "c1/b": (False, True), "c2/a": (True, False)}


def test_a_submodule_is_another_repository(repository: Path, tmp_path: Path) -> None:
    commit(init(tmp_path / "inner"), a="inner\n")
    git(
        repository, "-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(tmp_path / "inner"), "output"
    )
    commit(repository)
    outer, inner = open_repository(repository), open_repository(repository / "output")
    assert inner.top == str((repository / "output").resolve())
    assert inner.files("HEAD") == {"a": b"inner\n"}
    assert outer.tree("HEAD")["output"].mode == "160000"
    assert "output/a" not in outer.files("HEAD")
