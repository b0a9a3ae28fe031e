"""What a write leaves on disk."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import Result, TreeError, compare, write
from tests.tree.support import A, B, C, Killed, build, failing, manifests, put, snapshot

if TYPE_CHECKING:
    from pathlib import Path


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_whole_tree_of_a_first_build(tmp_path: Path) -> None:
    output = tmp_path / "deep/output"
    result = build(output, {B: b"b\n", A: b"a\n", C: b"c\n", "_setup/notes.txt": b"n\n"})
    assert result == Result(added=4, changed=0, removed=0, adopted=0, unchanged=0)
    assert snapshot(output) == {
        ".gitattributes": b"/.meshgen/*.owned merge=union linguist-generated\n*.yaml linguist-generated\n",
        ".meshgen": "dir",
        ".meshgen/.gitignore": b"/journal\n/lock\n/staging-*/\n",
        ".meshgen/_setup.owned": (sha(b"n\n") + "  _setup/notes.txt\n").encode(),
        ".meshgen/c1.owned": (sha(b"a\n") + f"  {A}\n" + sha(b"b\n") + f"  {B}\n").encode(),
        ".meshgen/c2.owned": (sha(b"c\n") + f"  {C}\n").encode(),
        "_setup": "dir",
        "_setup/notes.txt": b"n\n",
        "c1": "dir",
        "c1/shop": "dir",
        A: b"a\n",
        B: b"b\n",
        "c2": "dir",
        "c2/db": "dir",
        C: b"c\n",
    }


def test_sha256sum_reads_an_owned_list(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    checked = subprocess.run(
        ["sha256sum", "--strict", "--check", ".meshgen/c1.owned"], cwd=tmp_path, capture_output=True, check=True
    )
    assert checked.stdout.decode() == f"{A}: OK\n{B}: OK\n"


def test_counts_of_what_was_done(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n", C: b"c\n"})
    put(tmp_path, "c1/shop/d.yaml", b"d\n")
    result = build(tmp_path, {A: b"a\n", B: b"new\n", "c1/shop/d.yaml": b"d\n", "c1/shop/e.yaml": b"e\n"})
    assert result == Result(added=1, changed=1, removed=1, adopted=1, unchanged=1)


def test_a_second_build_of_the_same_touches_no_file(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    before = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")}
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    assert {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")} == before


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    content = bytes(range(256)) + b"\r\nend without a line end"
    build(tmp_path, {A: content})
    assert (tmp_path / A).read_bytes() == content
    assert compare(tmp_path, {A: content}).in_sync


def test_empty_files_are_written(tmp_path: Path) -> None:
    build(tmp_path, {A: b""})
    assert manifests(tmp_path) == {A: b""}
    assert compare(tmp_path, {A: b""}).in_sync


def test_the_result_does_not_depend_on_the_order_of_what_is_wanted(tmp_path: Path) -> None:
    wanted = {A: b"a\n", B: b"b\n", C: b"c\n"}
    build(tmp_path / "one", wanted)
    build(tmp_path / "two", dict(reversed(wanted.items())))
    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


@pytest.mark.parametrize("length", [253, 255])
def test_names_as_long_as_the_file_system_takes(tmp_path: Path, length: int) -> None:
    path = "c1/shop/" + "n" * (length - len(".yaml")) + ".yaml"
    build(tmp_path, {path: b"old\n"})
    build(tmp_path, {path: b"new\n"})
    assert manifests(tmp_path) == {path: b"new\n"}
    build(tmp_path, {})
    assert manifests(tmp_path) == {}


def test_directories_that_a_deletion_empties_are_removed(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", "c1/other/x.yaml": b"x\n"})
    build(tmp_path, {A: b"a\n"})
    assert not (tmp_path / "c1/other").exists()


def test_directories_with_foreign_files_stay(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", "c1/other/x.yaml": b"x\n"})
    put(tmp_path, "c1/other/README.md", b"mine")
    build(tmp_path, {A: b"a\n"})
    assert manifests(tmp_path) == {A: b"a\n", "c1/other/README.md": b"mine"}


def test_directories_that_were_empty_before_stay(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    (tmp_path / "c1/empty").mkdir()
    (tmp_path / "mine").mkdir()
    build(tmp_path, {A: b"a\n"})
    assert (tmp_path / "c1/empty").is_dir()
    assert (tmp_path / "mine").is_dir()


def test_a_replaced_file_keeps_other_names_of_it_as_they_were(tmp_path: Path) -> None:
    build(tmp_path / "output", {A: b"old\n"})
    (tmp_path / "elsewhere").hardlink_to(tmp_path / "output" / A)
    build(tmp_path / "output", {A: b"new\n"})
    assert (tmp_path / "elsewhere").read_bytes() == b"old\n"


def test_duplicates_in_a_list_are_no_difference_and_the_next_build_tidies_them(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    owned = tmp_path / ".meshgen/c1.owned"
    tidy = owned.read_text()
    owned.write_text("".join(reversed(tidy.splitlines(keepends=True))) + tidy + f"{sha(b'old')}  {A}\n")
    assert compare(tmp_path, {A: b"a\n", B: b"b\n"}).in_sync
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    assert owned.read_text() == tidy


def test_any_of_several_recorded_hashes_counts(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    owned = tmp_path / ".meshgen/c1.owned"
    owned.write_text(owned.read_text() + sha(b"theirs\n") + f"  {A}\n")
    put(tmp_path, A, b"theirs\n")
    comparison = compare(tmp_path, {A: b"new\n"})
    assert comparison.diagnostics == ()
    write(comparison)
    assert manifests(tmp_path) == {A: b"new\n"}


def test_lines_of_others_in_gitattributes_stay(tmp_path: Path) -> None:
    put(tmp_path, ".gitattributes", b"*.md text\n*.yaml linguist-generated\n*.png binary")
    build(tmp_path, {A: b"a\n"})
    assert (tmp_path / ".gitattributes").read_bytes() == (
        b"*.md text\n*.yaml linguist-generated\n*.png binary\n/.meshgen/*.owned merge=union linguist-generated\n"
    )
    build(tmp_path, {})
    assert b"*.png binary" in (tmp_path / ".gitattributes").read_bytes()


def test_gitattributes_with_crlf_keeps_its_line_ends(tmp_path: Path) -> None:
    put(tmp_path, ".gitattributes", b"*.md text\r\n")
    build(tmp_path, {A: b"a\n"})
    assert (tmp_path / ".gitattributes").read_bytes() == (
        b"*.md text\r\n/.meshgen/*.owned merge=union linguist-generated\r\n*.yaml linguist-generated\r\n"
    )


def test_progress_counts_manifests(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    seen: list[int] = []
    write(compare(tmp_path, {B: b"b\n", C: b"c\n"}), progress=seen.append)
    assert seen == [1, 2, 3]


def test_an_exception_while_writing_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    before = snapshot(tmp_path)

    def interrupt(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(compare(tmp_path, {A: b"new\n", C: b"c\n", "c3/x/y.yaml": b"y\n"}), progress=interrupt)
    assert snapshot(tmp_path) == before


def test_MG613_fires_when_a_file_changes_between_comparing_and_writing(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    comparison = compare(tmp_path, {A: b"new\n", B: b"new\n"})
    put(tmp_path, B, b"just edited\n")
    before = snapshot(tmp_path)
    with pytest.raises(TreeError, match=f"`{B}` changed while the build ran") as raised:
        write(comparison)
    assert raised.value.diagnostics[0].code == "MG613"
    assert raised.value.is_environment
    assert snapshot(tmp_path) == before


def test_MG613_fires_when_a_file_appears_between_comparing_and_writing(tmp_path: Path) -> None:
    comparison = compare(tmp_path, {A: b"a\n"})
    put(tmp_path, A, b"mine\n")
    with pytest.raises(TreeError, match=f"`{A}` changed while the build ran"):
        write(comparison)
    assert snapshot(tmp_path) == {"c1": "dir", "c1/shop": "dir", A: b"mine\n"}


def test_MG613_fires_when_another_build_ended_between_comparing_and_writing(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    comparison = compare(tmp_path, {A: b"a\n", B: b"b\n"})
    build(tmp_path, {A: b"a\n", "c1/shop/d.yaml": b"d\n"})
    with pytest.raises(TreeError, match=r"`\.meshgen/c1\.owned` changed while the build ran"):
        write(comparison)


def test_MG613_fires_when_another_build_died_between_comparing_and_writing(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    comparison = compare(tmp_path, {A: b"a\n", C: b"c\n"})
    other = compare(tmp_path, {A: b"new\n", B: b"b\n"})
    with failing(15, Killed), pytest.raises(Killed):
        write(other)
    assert (tmp_path / ".meshgen/journal").exists()
    with pytest.raises(TreeError, match=r"`\.meshgen/journal` changed while the build ran"):
        write(comparison)


def test_MG613_fires_when_a_directory_becomes_a_link_between_comparing_and_writing(tmp_path: Path) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    build(output, {A: b"a\n"})
    comparison = compare(output, {A: b"new\n"})
    (output / "c1").rename(outside)
    (output / "c1").symlink_to(outside)
    with pytest.raises(TreeError) as raised:
        write(comparison)
    assert raised.value.diagnostics[0].code == "MG613"
    assert manifests(outside) == {"shop/service_a.yaml": b"a\n"}


def test_MG613_silent_when_nothing_changed_meanwhile(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    assert write(compare(tmp_path, {A: b"new\n"})).changed == 1
