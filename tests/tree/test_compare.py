"""What differs between an output tree and the wanted one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tree.support import A, B, C, build, codes, compare, compared, manifests, put, snapshot


def test_compare_writes_nothing(tmp_path: Path) -> None:
    output = tmp_path / "output"
    compare(output, {A: b"a\n"})
    assert not output.exists()


def test_differences_are_told_by_path(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    comparison = compare(tmp_path, {A: b"new\n", C: b"c\n"})
    assert comparison.added == (C,)
    assert comparison.changed == (A,)
    assert comparison.removed == (B,)
    assert comparison.unchanged == {"c1": 0, "c2": 0}
    assert not comparison.in_sync


def test_the_old_content_is_read_when_asked_for(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    comparison = compare(tmp_path, {A: b"new\n", C: b"c\n"})
    assert [(change.path, comparison.old(change), change.removed) for change in comparison.changes] == [
        (A, b"a\n", False),
        (B, b"b\n", True),
        (C, None, False),
    ]


def test_what_is_to_be_written_is_staged_and_nothing_else_is(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    with compared(tmp_path, {A: b"a\n", B: b"new\n", C: b"c\n"}) as tree:
        assert tree.staged is not None
        assert manifests(tree.staged) == {B: b"new\n", C: b"c\n"}
        assert manifests(tmp_path) == {A: b"a\n", B: b"b\n"}
    assert not list((tmp_path / ".meshgen/local").glob("staging-*"))


def test_the_top_directories_may_be_added_in_any_order(tmp_path: Path) -> None:
    build(tmp_path / "one", {A: b"a\n", C: b"c\n"})
    build(tmp_path / "two", {C: b"c\n", A: b"a\n"})
    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


def test_a_tree_just_written_is_in_sync(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    comparison = compare(tmp_path, {A: b"a\n", C: b"c\n"})
    assert comparison.in_sync
    assert comparison.is_settled
    assert comparison.unchanged == {"c1": 1, "c2": 1}
    assert comparison.diagnostics == ()


def test_nothing_wanted_and_nothing_there_is_in_sync(tmp_path: Path) -> None:
    assert compare(tmp_path / "output", {}).in_sync
    build(tmp_path / "output", {})
    assert not (tmp_path / "output").exists()


def test_a_file_that_is_already_as_wanted_is_no_difference(tmp_path: Path) -> None:
    put(tmp_path, A, b"a\n")
    comparison = compare(tmp_path, {A: b"a\n"})
    assert comparison.diagnostics == ()
    assert comparison.in_sync
    assert not comparison.is_settled, "the local state does not know it"
    build(tmp_path, {A: b"a\n"})
    assert compare(tmp_path, {A: b"a\n"}).is_settled


def test_an_edit_that_makes_a_file_what_is_now_wanted_is_no_difference(tmp_path: Path) -> None:
    build(tmp_path, {A: b"old\n"})
    put(tmp_path, A, b"new\n")
    assert compare(tmp_path, {A: b"new\n"}).in_sync


def test_a_listed_file_that_is_gone_is_written_again(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    (tmp_path / A).unlink()
    comparison = compare(tmp_path, {A: b"a\n", B: b"b\n"})
    assert comparison.added == (A,)
    assert comparison.diagnostics == ()


def test_a_listed_file_that_is_gone_and_not_wanted_is_no_difference(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})
    (tmp_path / A).unlink()
    comparison = compare(tmp_path, {B: b"b\n"})
    assert comparison.in_sync
    assert codes(comparison) == set()
    build(tmp_path, {B: b"b\n"})
    assert A not in (tmp_path / ".meshgen/local/c1.written").read_text()


def test_only_limits_the_comparison_to_its_top_directories(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    comparison = compare(tmp_path, {A: b"new\n", C: b"new\n"}, only=frozenset({"c1"}))
    assert comparison.changed == (A,)
    build(tmp_path, {A: b"new\n"}, only=frozenset({"c1"}))
    assert manifests(tmp_path) == {A: b"new\n", C: b"c\n"}


def test_only_leaves_clusters_that_left_the_fleet(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    assert compare(tmp_path, {A: b"a\n"}, only=frozenset({"c1"})).in_sync


def test_a_part_of_what_is_no_clusters_is_compared_alone(tmp_path: Path) -> None:
    mine, others = "_setup/c1/a.yaml", "_setup/c2/a.yaml"
    build(tmp_path, {mine: b"old\n", others: b"old\n"})
    comparison = compare(tmp_path, {mine: b"new\n"}, only=frozenset({"c1"}))
    assert (comparison.changed, comparison.removed) == ((mine,), ())
    build(tmp_path, {}, only=frozenset({"c1"}))
    assert not (tmp_path / mine).exists()
    assert (tmp_path / ".meshgen/local/_setup.written").read_text().endswith(f"  {others}\n")
    assert compare(tmp_path, {others: b"old\n"}).is_settled


def test_a_cluster_that_left_the_fleet_is_worked_off(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    comparison = compare(tmp_path, {A: b"a\n"})
    assert comparison.removed == (C,)
    build(tmp_path, {A: b"a\n"})
    assert not (tmp_path / "c2").exists()
    assert not (tmp_path / ".meshgen/local/c2.written").exists()


def test_the_list_of_a_cluster_that_left_goes_even_if_its_files_are_gone(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    (tmp_path / C).unlink()
    assert compare(tmp_path, {A: b"a\n"}).in_sync
    build(tmp_path, {A: b"a\n"})
    assert not (tmp_path / ".meshgen/local/c2.written").exists()


def test_crlf_checkouts_are_no_edits(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a: 1\nb: 2\n"})
    put(tmp_path, A, b"a: 1\r\nb: 2\r\n")
    before = snapshot(tmp_path)
    comparison = compare(tmp_path, {A: b"a: 1\nb: 2\n"})
    assert comparison.in_sync
    assert comparison.is_settled
    build(tmp_path, {A: b"a: 1\nb: 2\n"})
    assert snapshot(tmp_path) == before


def test_a_crlf_file_with_new_content_is_replaced(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a: 1\n", B: b"b\n"})
    put(tmp_path, A, b"a: 1\r\n")
    put(tmp_path, B, b"b\r\n")
    assert compare(tmp_path, {A: b"a: 2\n"}).diagnostics == ()
    build(tmp_path, {A: b"a: 2\n"})
    assert manifests(tmp_path) == {A: b"a: 2\n"}


def test_a_missing_local_state_is_no_difference(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    shutil.rmtree(tmp_path / ".meshgen")
    assert compare(tmp_path, {A: b"a\n"}).in_sync


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "is absolute"),
        ("c1/../../x.yaml", "leads upwards"),
        ("c1//x.yaml", "is not in its shortest form"),
        ("c1/./x.yaml", "is not in its shortest form"),
        ("c1/ns\\x.yaml", "has characters that no manifest's path has"),
        ("c1/a\nb.yaml", "has characters that no manifest's path has"),
        (".meshgen/x.yaml", "points into a directory of meshgen or git"),
        ("c1/.Git/config", "points into a directory of meshgen or git"),
        ("x.yaml", "is in no top directory"),
        (".github/x.yaml", "is in no top directory"),
    ],
)
def test_wanted_paths_that_no_tree_may_have_are_refused(tmp_path: Path, path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compare(tmp_path, {path: b""})


def test_the_output_directory_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "output").symlink_to("real")
    build(tmp_path / "output", {A: b"a\n"})
    assert (tmp_path / "real" / A).read_bytes() == b"a\n"
    assert compare(tmp_path / "output", {A: b"a\n"}).in_sync


def test_diagnostics_name_files_the_way_the_user_named_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.path.realpath", lambda path: str(tmp_path / path))
    put(tmp_path / "out", A, b"mine\n")
    (finding,) = compare(Path("out"), {A: b"a\n"}).diagnostics
    assert str(finding.span) == f"out/{A}:1:1"
