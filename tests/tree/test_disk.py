"""The operations under the output tree follow no link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.tree import disk
from tests.tree.support import put

if TYPE_CHECKING:
    from pathlib import Path


def test_reading_does_not_follow_a_link(tmp_path: Path) -> None:
    put(tmp_path, "outside", b"theirs\n")
    (tmp_path / "link").symlink_to("outside")
    with pytest.raises(OSError, match="symbolic link"):
        disk.read(str(tmp_path / "link"))


def test_creating_does_not_follow_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("outside")
    with pytest.raises(FileExistsError):
        disk.create(str(tmp_path / "link"), b"ours")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("expected", [b"", b"abc", b"abcdef", b"abcdefgh"])
def test_reading_gives_the_whole_content_whatever_was_expected(tmp_path: Path, expected: bytes) -> None:
    file = put(tmp_path, "file", b"abcdef")
    assert disk.read(str(file), expected) == b"abcdef"
