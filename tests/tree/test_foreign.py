"""What meshgen did not write: edits, foreign files, links, and names that clash."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import TreeError
from tests.tree.support import A, B, C, build, codes, compare, found, manifests, put, snapshot

if TYPE_CHECKING:
    from pathlib import Path


def refused(output: Path, wanted: dict[str, bytes], *, overwrite: bool = False) -> set[str]:
    """The codes for which a build is refused; the tree must be as it was."""
    before = snapshot(output)
    with pytest.raises(TreeError) as raised:
        build(output, wanted, overwrite=overwrite)
    assert snapshot(output) == before
    return {diagnostic.code for diagnostic in raised.value.diagnostics}


def test_MG601_fires_when_a_file_to_replace_was_edited(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    put(tmp_path, A, b"edited\n")
    assert found(compare(tmp_path, {A: b"a\n", B: b"new\n"}), "MG601") == [
        f"{tmp_path}/{A}:1:1 error: `{A}` was edited since meshgen wrote it and would be overwritten"
    ]
    assert refused(tmp_path, {A: b"a\n", B: b"new\n"}) == {"MG601"}


def test_MG601_fires_when_a_file_to_delete_was_edited(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    put(tmp_path, A, b"edited\n")
    assert found(compare(tmp_path, {B: b"b\n"}), "MG601") == [
        f"{tmp_path}/{A}:1:1 error: `{A}` was edited since meshgen wrote it and would be deleted"
    ]
    assert refused(tmp_path, {B: b"b\n"}) == {"MG601"}


def test_MG601_silent_when_the_edit_is_what_is_wanted(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, A, b"edited\n")
    assert found(compare(tmp_path, {A: b"edited\n"}), "MG601") == []


def test_MG601_silent_when_only_line_ends_differ(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, A, b"a\r\n")
    assert found(compare(tmp_path, {A: b"new\n"}), "MG601") == []


def test_MG602_fires_when_a_foreign_file_stands_at_a_wanted_path(tmp_path: Path) -> None:
    put(tmp_path, A, b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n", B: b"b\n"}), "MG602") == [
        f"{tmp_path}/{A}:1:1 error: `{A}` is to be written, but a file that meshgen did not write stands there"
    ]
    assert refused(tmp_path, {A: b"a\n", B: b"b\n"}) == {"MG602"}


def test_MG602_silent_when_the_foreign_file_is_elsewhere_or_the_same(tmp_path: Path) -> None:
    put(tmp_path, A, b"a\n")
    put(tmp_path, B, b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n"}), "MG602") == []


def test_every_conflict_is_told_at_once(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, A, b"edited\n")
    put(tmp_path, C, b"mine\n")
    assert codes(compare(tmp_path, {A: b"new\n", C: b"c\n"})) == {"MG601", "MG602"}


def test_overwriting_edits_says_which_and_touches_nothing_else(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    put(tmp_path, A, b"edited\n")
    put(tmp_path, B, b"edited\n")
    put(tmp_path, "c1/shop/mine.yaml", b"mine\n")
    put(tmp_path, "mine/service.yaml", b"mine\n")
    assert found(compare(tmp_path, {A: b"new\n", C: b"c\n"}, overwrite=True), "MG601") == [
        (
            f"{tmp_path}/{A}:1:1 hint: `{A}` was edited since meshgen wrote it and would be overwritten: "
            "`--overwrite-edits` lets it happen"
        ),
        (
            f"{tmp_path}/{B}:1:1 hint: `{B}` was edited since meshgen wrote it and would be deleted: "
            "`--overwrite-edits` lets it happen"
        ),
    ]
    build(tmp_path, {A: b"new\n", C: b"c\n"}, overwrite=True)
    assert manifests(tmp_path) == {
        A: b"new\n",
        C: b"c\n",
        "c1/shop/mine.yaml": b"mine\n",
        "mine/service.yaml": b"mine\n",
    }


def test_MG602_fires_also_when_edits_are_overwritten(tmp_path: Path) -> None:
    put(tmp_path, A, b"mine\n")
    assert refused(tmp_path, {A: b"a\n"}, overwrite=True) == {"MG602"}


@pytest.mark.parametrize("name", ["mine.yaml", "deep/down/mine.yml", "mine.json", "MINE.YAML", ".hidden.yaml"])
def test_MG603_fires_when_a_sync_would_read_a_foreign_file(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"c1/{name}", b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n"}), "MG603") == [
        f"{tmp_path}/c1/{name}:1:1 warning: `c1/{name}` is not written by meshgen, and a sync of `c1` would read it"
    ]


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("kustomization.yaml", "Argo CD and Flux then read only what it lists of `c1`"),
        ("Chart.yaml", "Argo CD then takes `c1` for a Helm chart"),
    ],
)
def test_MG603_says_what_a_file_does_to_the_whole_directory(tmp_path: Path, name: str, effect: str) -> None:
    put(tmp_path, f"c1/{name}", b"mine\n")
    (message,) = found(compare(tmp_path, {A: b"a\n"}), "MG603")
    assert message.endswith(effect)


@pytest.mark.parametrize("path", ["c1/README.md", "mine/service.yaml", "_setup/mine.yaml", "top.yaml"])
def test_MG603_silent_when_no_sync_reads_the_file(tmp_path: Path, path: str) -> None:
    put(tmp_path, path, b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n", "_setup/x.yaml": b"x\n"}), "MG603") == []


def test_a_foreign_name_that_no_terminal_can_show_is_told_all_the_same(tmp_path: Path) -> None:
    put(tmp_path, "c1/x", b"")
    (tmp_path / os.fsdecode(b"c1/\xff\n.yaml")).write_bytes(b"mine\n")
    (message,) = found(compare(tmp_path, {A: b"a\n"}), "MG603")
    assert r"`c1/\udcff\n.yaml`" in message


@pytest.mark.parametrize("overwrite", [False, True])
def test_MG604_fires_when_a_cluster_directory_is_a_link(tmp_path: Path, overwrite: bool) -> None:  # noqa: FBT001 - pytest passes parameters by name
    output, outside = tmp_path / "output", tmp_path / "outside"
    put(outside, "shop/service_a.yaml", b"theirs\n")
    output.mkdir()
    (output / "c1").symlink_to(outside)
    assert found(compare(output, {A: b"a\n"}), "MG604") == [
        f"{output}/c1:1:1 error: `c1` is a symbolic link where meshgen writes or deletes"
    ]
    assert refused(output, {A: b"a\n"}, overwrite=overwrite) == {"MG604"}
    assert snapshot(outside) == {"shop": "dir", "shop/service_a.yaml": b"theirs\n"}


@pytest.mark.parametrize("link", ["c1", "c1/shop", A, ".meshgen", ".meshgen/local", ".meshgen/local/c1.written"])
@pytest.mark.parametrize("wanted", [{A: b"a\n"}, {A: b"new\n"}, {C: b"c\n"}], ids=["same", "changed", "gone"])
def test_MG604_fires_when_what_meshgen_wrote_is_now_a_link(tmp_path: Path, link: str, wanted: dict[str, bytes]) -> None:
    output, outside = tmp_path / "output", tmp_path / "outside"
    build(output, {A: b"a\n"})
    outside.mkdir()
    (output / link).rename(outside / "moved")
    (output / link).symlink_to(outside / "moved")
    before = snapshot(outside)
    assert "MG604" in refused(output, wanted, overwrite=True)
    assert snapshot(outside) == before


def test_MG604_silent_when_a_link_is_not_in_our_way(tmp_path: Path) -> None:
    output = tmp_path / "output"
    put(tmp_path, "outside/x", b"theirs\n")
    build(output, {A: b"a\n", B: b"b\n"})
    (output / "mine").symlink_to(tmp_path / "outside")
    (output / "c1/mine").symlink_to(tmp_path / "outside")
    assert codes(compare(output, {A: b"new\n"})) == set()
    build(output, {A: b"new\n"})
    assert manifests(output) == {A: b"new\n"}
    assert snapshot(tmp_path / "outside") == {"x": b"theirs\n"}


@pytest.mark.parametrize(("path", "needed"), [(A, "file"), (".meshgen/local/journal", "file")])
def test_MG605_fires_when_a_directory_stands_where_a_file_is_wanted(tmp_path: Path, path: str, needed: str) -> None:
    (tmp_path / path).mkdir(parents=True)
    assert found(compare(tmp_path, {A: b"a\n"}), "MG605") == [
        f"{tmp_path}/{path}:1:1 error: `{path}` has to be a {needed}, but something else stands there"
    ]
    assert refused(tmp_path, {A: b"a\n"}, overwrite=True) == {"MG605"}


@pytest.mark.parametrize("path", ["c1", "c1/shop", ".meshgen", ".meshgen/local"])
def test_MG605_fires_when_a_file_stands_where_a_directory_is_needed(tmp_path: Path, path: str) -> None:
    put(tmp_path, path, b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n"}), "MG605") == [
        f"{tmp_path}/{path}:1:1 error: `{path}` has to be a directory, but something else stands there"
    ]
    assert refused(tmp_path, {A: b"a\n"}, overwrite=True) == {"MG605"}


def test_MG605_fires_when_a_pipe_stands_at_a_wanted_path(tmp_path: Path) -> None:
    (tmp_path / "c1/shop").mkdir(parents=True)
    os.mkfifo(tmp_path / A)
    assert codes(compare(tmp_path, {A: b"a\n"})) == {"MG605"}


def test_MG605_fires_when_the_output_directory_is_a_file(tmp_path: Path) -> None:
    output = put(tmp_path, "output", b"mine\n")
    assert found(compare(output, {A: b"a\n"}), "MG605") == [
        f"{output}:1:1 error: `{output}` has to be a directory, but something else stands there"
    ]


def test_MG605_silent_when_a_file_that_we_delete_makes_room_for_a_directory(tmp_path: Path) -> None:
    build(tmp_path, {"c1/shop": b"old\n"})
    build(tmp_path, {A: b"a\n"})
    assert manifests(tmp_path) == {A: b"a\n"}


def test_MG606_fires_when_wanted_paths_differ_only_in_case(tmp_path: Path) -> None:
    wanted = {"c1/shop/x.yaml": b"1\n", "c1/shop/X.yaml": b"2\n"}
    assert found(compare(tmp_path, wanted), "MG606") == [
        (
            f"{tmp_path}/c1/shop/X.yaml:1:1 error: "
            "`c1/shop/X.yaml` and `c1/shop/x.yaml` are one path where case does not count"
        )
    ]
    assert refused(tmp_path, wanted, overwrite=True) == {"MG606"}


def test_MG606_fires_when_directories_differ_only_in_case(tmp_path: Path) -> None:
    wanted = {"c1/shop/x.yaml": b"1\n", "C1/other/y.yaml": b"2\n"}
    assert found(compare(tmp_path, wanted), "MG606") == [
        f"{tmp_path}/C1:1:1 error: `C1` and `c1` are one path where case does not count"
    ]


def test_MG606_fires_when_a_foreign_file_differs_only_in_case(tmp_path: Path) -> None:
    put(tmp_path, "c1/shop/Service_A.yaml", b"mine\n")
    assert "MG606" in codes(compare(tmp_path, {A: b"a\n"}))


def test_MG606_silent_when_the_old_name_is_deleted(tmp_path: Path) -> None:
    build(tmp_path, {"c1/shop/Service_A.yaml": b"a\n"})
    build(tmp_path, {A: b"a\n"})
    assert manifests(tmp_path) == {A: b"a\n"}


HASH = hashlib.sha256(b"theirs\n").hexdigest()


@pytest.mark.parametrize("path", ["/etc/passwd", "c1/../../outside", "c1/.git/config", "c2/db/x.yaml", "c1", ""])
@pytest.mark.parametrize("file", ["c1.written", "journal"])
def test_a_line_that_names_what_is_no_file_of_ours_has_no_effect(tmp_path: Path, path: str, file: str) -> None:
    outside = put(tmp_path, "outside", b"theirs\n")
    output = tmp_path / "output"
    build(output, {A: b"a\n"})
    put(output, f".meshgen/local/{file}", f"{HASH}  {path}\n<<<<<<< HEAD\n".encode())
    build(output, {A: b"a\n"})
    assert manifests(output) == {A: b"a\n"}
    assert outside.read_bytes() == b"theirs\n"


def test_a_line_that_names_a_foreign_file_does_not_make_it_ours(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, B, b"theirs\n")
    put(tmp_path, ".meshgen/local/c1.written", f"{HASH}  {B}\n".encode())
    build(tmp_path, {A: b"new\n"}, overwrite=True)
    assert manifests(tmp_path) == {A: b"new\n", B: b"theirs\n"}
    assert refused(tmp_path, {A: b"a\n", B: b"b\n"}) == {"MG602"}


def test_MG610_fires_when_a_cluster_of_the_fleet_gets_no_manifest_any_more(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    comparison = compare(tmp_path, {A: b"a\n"}, clusters=frozenset({"c1", "c2"}))
    assert found(comparison, "MG610") == [
        f"{tmp_path}/c2:1:1 warning: cluster `c2` gets no manifest any more, so its directory is removed"
    ]
    build(tmp_path, {A: b"a\n"})
    assert not (tmp_path / "c2").exists()


def test_MG610_silent_when_the_cluster_left_the_fleet_or_never_had_manifests(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    assert found(compare(tmp_path, {A: b"a\n"}, clusters=frozenset({"c1", "c3"})), "MG610") == []


def test_MG611_fires_when_a_foreign_file_would_keep_a_directory_without_manifests(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    put(tmp_path, "c2/README.md", b"mine\n")
    assert found(compare(tmp_path, {A: b"a\n"}), "MG611") == [
        (
            f"{tmp_path}/c2/README.md:1:1 error: `c2` would stay without manifests because of `c2/README.md`, "
            "and Flux would delete every object that it synced from there"
        )
    ]
    assert refused(tmp_path, {A: b"a\n"}, overwrite=True) == {"MG611"}


def test_MG611_silent_when_a_manifest_stays_or_no_sync_reads_the_directory(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n", "_dns/zone.yaml": b"z\n"})
    put(tmp_path, "c2/mine.yaml", b"mine\n")
    put(tmp_path, "_dns/README.md", b"mine\n")
    assert codes(compare(tmp_path, {A: b"a\n"})) == {"MG603"}


@pytest.mark.parametrize("link", ["staging-1", "staging-1/new", "staging-1/new/c1"])
def test_what_a_link_in_staging_points_to_is_left_alone(tmp_path: Path, link: str) -> None:
    output = tmp_path / "output"
    build(output, {A: b"a\n"})
    put(tmp_path, "outside/new/0", b"theirs\n")
    place = output / ".meshgen/local" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(tmp_path / "outside")
    build(output, {A: b"new\n"})
    assert manifests(tmp_path / "outside") == {"new/0": b"theirs\n"}


def test_what_others_put_into_a_dead_staging_directory_stays(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, ".meshgen/local/staging-1/new/c1/shop/0", b"half")
    mine = put(tmp_path, ".meshgen/local/staging-1/mine.txt", b"mine\n")
    build(tmp_path, {A: b"new\n"})
    assert mine.read_bytes() == b"mine\n"
    assert not (tmp_path / ".meshgen/local/staging-1/new").exists()
