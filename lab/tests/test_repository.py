"""The repository that engines read, by Git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from lab.ca import WebAuthority
from lab.repository import HOST, URL, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")
    for program in ("git", "openssl")
]


@pytest.fixture
def authority(tmp_path: Path) -> WebAuthority:
    return WebAuthority(tmp_path / "web")


@pytest.fixture
def repository(tmp_path: Path, authority: WebAuthority) -> Iterator[Repository]:
    repository = Repository(tmp_path / "repository", authority, port=0)
    yield repository
    repository.close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An output of one object."""
    file = tmp_path / "output" / "c1" / "a.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("a\n", encoding="utf-8")
    return tmp_path / "output"


def _clone(repository: Repository, authority: WebAuthority, target: Path) -> Path:
    place = f"{HOST}:{repository.port}"
    command = ["git", "-c", f"http.curloptResolve={place}:127.0.0.1", "clone", "--quiet", URL.replace(HOST, place)]
    subprocess.run([*command, str(target)], env=os.environ | {"GIT_SSL_CAINFO": str(authority.certificate)}, check=True)
    return target


def test_a_commit_is_read_over_https(
    repository: Repository, authority: WebAuthority, tree: Path, tmp_path: Path
) -> None:
    revision = repository.commit(tree, "one", below="output")
    clone = _clone(repository, authority, tmp_path / "clone")
    assert (clone / "output" / "c1" / "a.yaml").read_text(encoding="utf-8") == "a\n"
    assert (clone / ".git" / "refs" / "heads" / "main").read_text(encoding="utf-8").strip() == revision


def test_what_the_tree_has_no_more_goes(
    repository: Repository, authority: WebAuthority, tree: Path, tmp_path: Path
) -> None:
    repository.commit(tree, "one", below="output")
    (tree / "c1" / "a.yaml").rename(tree / "b.yaml")
    repository.commit(tree, "two", below="output")
    clone = _clone(repository, authority, tmp_path / "clone")
    assert [path.name for path in (clone / "output").rglob("*.yaml")] == ["b.yaml"]


def test_a_commit_of_the_same_is_another_revision(repository: Repository, tree: Path) -> None:
    """Engines are waited for by revision."""
    assert repository.commit(tree, "one") != repository.commit(tree, "two")


def test_another_branch_is_where_it_was_moved_to(repository: Repository, tree: Path) -> None:
    one = repository.commit(tree, "one")
    repository.move("canary", one)
    two = repository.commit(tree, "two")
    assert [repository.head(branch) for branch in ("main", "canary", "none")] == [two, one, ""]


def test_a_revision_is_an_archive_of_its_files(repository: Repository, tree: Path, tmp_path: Path) -> None:
    revision = repository.commit(tree, "one", below="output")
    (tree / "c1" / "a.yaml").rename(tree / "b.yaml")
    repository.commit(tree, "two", below="output")
    repository.archive(revision, tmp_path / "one.tar.gz")
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        assert [member.name for member in archive if member.isfile()] == ["output/c1/a.yaml"]


def test_what_git_refuses_is_said(repository: Repository, tree: Path) -> None:
    with pytest.raises(RuntimeError, match="empty commit message"):
        repository.commit(tree, "")
