"""The operations under the output tree follow no link."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import disk
from meshgen.tree.disk import Root, TooLargeError
from meshgen.tree.lock import held
from tests.tree.support import put, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    with Root(str(tmp_path / "output")) as opened:
        opened.make()
        yield opened


def test_reading_does_not_follow_a_link(root: Root, tmp_path: Path) -> None:
    put(tmp_path, "outside", b"theirs\n")
    (tmp_path / "output/link").symlink_to("../outside")
    with pytest.raises(OSError, match="symbolic link"):
        root.read("link")


def test_creating_does_not_follow_a_link(root: Root, tmp_path: Path) -> None:
    (tmp_path / "output/link").symlink_to("../outside")
    with pytest.raises(FileExistsError):
        root.create("link", b"ours")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("expected", [b"", b"abc", b"abcdef", b"abcdefgh"])
def test_reading_gives_the_whole_content_whatever_was_expected(root: Root, tmp_path: Path, expected: bytes) -> None:
    put(tmp_path, "output/file", b"abcdef")
    assert root.read("file", expected) == b"abcdef"


@pytest.mark.parametrize(
    "operation",
    [
        lambda root: root.read("c1/file"),
        lambda root: root.create("c1/new", b"ours"),
        lambda root: root.append("c1/file", b"ours"),
        lambda root: root.move("file", "c1/file"),
        lambda root: root.move("c1/file", "moved"),
        lambda root: root.place("file", "c1/new"),
        lambda root: root.keep("c1/file", "kept"),
        lambda root: root.remove("c1/file"),
        lambda root: root.make_directory("c1/new"),
        lambda root: root.remove_directory("c1/empty"),
        lambda root: root.restore_directory("c1/new", 0o777),
        lambda root: root.entries("c1"),
        lambda root: root.sync_directory("c1"),
        lambda root: held(root, "c1/file").__enter__(),
    ],
)
def test_no_operation_goes_through_a_directory_that_became_a_link(
    root: Root, tmp_path: Path, operation: Callable[[Root], object]
) -> None:
    outside = tmp_path / "outside"
    put(outside, "file", b"theirs\n")
    (outside / "empty").mkdir()
    put(tmp_path, "output/file", b"ours\n")
    (tmp_path / "output/c1").symlink_to(outside)
    before = snapshot(tmp_path)
    with pytest.raises(OSError, match=r"Not a directory|symbolic link"):
        operation(root)
    assert snapshot(tmp_path) == before


def test_many_directories_need_few_descriptors(root: Root, tmp_path: Path) -> None:
    for number in range(200):
        put(tmp_path, f"output/a/b/{number}/file", b"")
    for number in range(200):
        root.move(f"a/b/{number}/file", f"a/b/{(number * 7) % 200}/moved{number}")
    assert len(list((tmp_path / "output/a/b").glob("*/moved*"))) == 200
    assert len(os.listdir("/proc/self/fd")) < 100  # noqa: PTH208 - as it is


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in directories")
def test_a_pipe_is_not_waited_for(root: Root, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "output/pipe")
    for operation in (lambda: root.read("pipe"), lambda: root.read("pipe", b"x"), held(root, "pipe").__enter__):
        with pytest.raises(OSError, match=r"not a regular file|no file of its own"):
            operation()


def test_a_file_larger_than_any_of_ours_is_not_read(
    root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "LARGEST", 100)
    put(tmp_path, "output/file", b"x" * 101)
    with pytest.raises(TooLargeError):
        root.read("file", b"x" * 50)
    put(tmp_path, "output/file", b"x" * 100)
    assert root.read("file") == b"x" * 100
