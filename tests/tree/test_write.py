"""What a write leaves on disk."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import Result, TreeError, open_tree
from tests.tree.support import SIGNATURE, A, B, C, Killed, build, compare, compared, failing, manifests, put, snapshot

if TYPE_CHECKING:
    from pathlib import Path


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_whole_tree_of_a_first_build(tmp_path: Path) -> None:
    output = tmp_path / "deep/output"
    result = build(output, {B: b"b\n", A: b"a\n", C: b"c\n", "_setup/notes.txt": b"n\n"})
    assert result == Result(added=4, changed=0, removed=0, unchanged=0)
    assert snapshot(output) == {
        ".meshgen": "dir",
        ".meshgen/local": "dir",
        ".meshgen/local/.gitignore": b"*\n",
        ".meshgen/local/_setup.written": (sha(b"n\n") + "  _setup/notes.txt\n").encode(),
        ".meshgen/local/c1.written": (sha(b"a\n") + f"  {A}\n" + sha(b"b\n") + f"  {B}\n").encode(),
        ".meshgen/local/c2.written": (sha(b"c\n") + f"  {C}\n").encode(),
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


def test_sha256sum_reads_the_local_state(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    checked = subprocess.run(
        ["sha256sum", "--strict", "--check", ".meshgen/local/c1.written"], cwd=tmp_path, capture_output=True, check=True
    )
    assert checked.stdout.decode() == f"{A}: OK\n{B}: OK\n"


def test_counts_of_what_was_done(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n", C: b"c\n"})
    put(tmp_path, "c1/shop/d.yaml", b"d\n")
    result = build(tmp_path, {A: b"a\n", B: b"new\n", "c1/shop/d.yaml": b"d\n", "c1/shop/e.yaml": b"e\n"})
    assert result == Result(added=1, changed=1, removed=1, unchanged=2)


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


def test_the_next_build_tidies_a_list(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    owned = tmp_path / ".meshgen/local/c1.written"
    tidy = owned.read_text()
    owned.write_text("".join(reversed(tidy.splitlines(keepends=True))) + tidy + f"{sha(b'old')}  {A}\n")
    assert compare(tmp_path, {A: b"a\n", B: b"b\n"}).in_sync
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    assert owned.read_text() == tidy


def test_any_of_several_recorded_hashes_counts(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    owned = tmp_path / ".meshgen/local/c1.written"
    owned.write_text(owned.read_text() + sha(b"older\n") + f"  {A}\n")
    put(tmp_path, A, b"older\n")
    assert compare(tmp_path, {A: b"new\n"}).diagnostics == ()
    build(tmp_path, {A: b"new\n"})
    assert manifests(tmp_path) == {A: b"new\n"}


def test_progress_counts_manifests(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    seen: list[int] = []
    build(tmp_path, {B: b"b\n", C: b"c\n"}, progress=seen.append)
    assert seen == [1, 2, 3]


def test_an_exception_while_writing_leaves_the_tree_as_it_was(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    before = snapshot(tmp_path)

    def interrupt(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, {A: b"new\n", C: b"c\n", "c3/x/y.yaml": b"y\n"}, progress=interrupt)
    assert snapshot(tmp_path) == before


def test_MG613_fires_when_a_file_changes_between_comparing_and_writing(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    with compared(tmp_path, {A: b"new\n", B: b"new\n"}) as tree:
        put(tmp_path, B, b"just edited\n")
        with pytest.raises(TreeError, match=f"`{B}` changed while the build ran") as raised:
            tree.write()
    assert raised.value.diagnostics[0].code == "MG613"
    assert raised.value.is_environment
    assert manifests(tmp_path) == {A: b"a\n", B: b"just edited\n"}


def test_MG613_fires_when_a_file_appears_between_comparing_and_writing(tmp_path: Path) -> None:
    with compared(tmp_path, {A: b"a\n"}) as tree:
        put(tmp_path, A, b"mine\n")
        with pytest.raises(TreeError, match=f"`{A}` changed while the build ran"):
            tree.write()
    assert snapshot(tmp_path) == {"c1": "dir", "c1/shop": "dir", A: b"mine\n"}


def test_a_directory_that_appears_between_comparing_and_writing_is_written_into(tmp_path: Path) -> None:
    with compared(tmp_path, {A: b"a\n"}) as tree:
        put(tmp_path, "c1/shop/mine.yaml", b"mine\n")
        tree.write()
    assert manifests(tmp_path) == {A: b"a\n", "c1/shop/mine.yaml": b"mine\n"}


def test_MG609_fires_when_another_build_compares_and_writes_meanwhile(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    with compared(tmp_path, {A: b"a\n", B: b"b\n"}) as tree:
        with pytest.raises(TreeError) as raised:
            build(tmp_path, {A: b"a\n", "c1/shop/d.yaml": b"d\n"})
        tree.write()
    assert raised.value.diagnostics[0].code == "MG609"
    assert manifests(tmp_path) == {A: b"a\n", B: b"b\n"}


def test_MG613_fires_when_another_build_died_between_looking_and_locking(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    with open_tree(tmp_path, SIGNATURE) as tree:
        with failing(22, Killed), pytest.raises(Killed):
            build(tmp_path, {A: b"new\n", B: b"b\n"})
        assert (tmp_path / ".meshgen/local/journal").exists()
        tree.add("c2", {C: b"c\n"})
        with pytest.raises(TreeError, match=r"`\.meshgen/local/journal` changed while the build ran"):
            tree.write()


def test_MG613_fires_when_a_directory_becomes_a_link_between_comparing_and_writing(tmp_path: Path) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    build(output, {A: b"a\n"})
    with compared(output, {A: b"new\n"}) as tree:
        (output / "c1").rename(outside)
        (output / "c1").symlink_to(outside)
        with pytest.raises(TreeError) as raised:
            tree.write()
    assert raised.value.diagnostics[0].code == "MG613"
    assert manifests(outside) == {"shop/service_a.yaml": b"a\n"}


def test_MG613_silent_when_nothing_changed_meanwhile(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    assert build(tmp_path, {A: b"new\n"}).changed == 1
