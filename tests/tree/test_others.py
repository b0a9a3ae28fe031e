"""Whoever else works in the tree while a build runs: nothing of theirs is lost, and no link of theirs is followed."""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import TreeError, disk, open_tree
from meshgen.tree.disk import SharedError
from tests.tree.support import (
    SIGNATURE,
    A,
    B,
    C,
    build,
    codes,
    compare,
    compared,
    failing,
    found,
    manifests,
    put,
    snapshot,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEFORE = {A: b"a\n", B: b"b\n", "c1/old/x.yaml": b"x\n"}
AFTER = {A: b"a\n", B: b"new\n", C: b"c\n", "c1/new/z.yaml": b"z\n", "c1/shop/more.yaml": b"more\n"}
OUTSIDE = {"shop/service_b.yaml": b"b\n", "old/x.yaml": b"x\n", "new/z.yaml": b"theirs\n", "service_b.yaml": b"b\n"}


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def outcome(output: Path, wanted: dict[str, bytes]) -> str:
    """Build. Returns the code of what went wrong."""
    try:
        build(output, wanted)
    except TreeError as error:
        return error.diagnostics[0].code
    return ""


class Steps:
    """What happens right before a build's steps on the disk, each with its number."""

    def __init__(self, act: Callable[[int], BaseException | None]) -> None:
        self.count = 0
        self._act = act

    def __call__(self) -> BaseException | None:
        self.count += 1
        return self._act(self.count)


EVERY = [11, pytest.param(1, marks=pytest.mark.slow)]
"""Some steps always, all of them in `make fuzz`."""


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("swapped", ["", "c1", "c1/shop", "c1/old", ".meshgen", ".meshgen/local"])
def test_a_directory_swapped_for_a_link_at_any_step_is_not_followed(tmp_path: Path, swapped: str, every: int) -> None:
    refused = 0
    for step in itertools.count(1, every):
        output, outside, aside = (tmp_path / f"{name}{step}" for name in ("output", "outside", "aside"))
        build(output, BEFORE)
        for path, content in OUTSIDE.items():
            put(outside, path, content)

        def swap(
            number: int, place: Path = output / swapped, aside: Path = aside, outside: Path = outside, at: int = step
        ) -> None:
            if number == at and place.exists():
                place.rename(aside)
                place.symlink_to(outside)

        steps = Steps(swap)
        with failing(1, steps) as faulty:
            code = outcome(output, AFTER)
        assert snapshot(outside) == {**dict.fromkeys(("shop", "old", "new"), "dir"), **OUTSIDE}, faulty.steps
        if steps.count < step:
            break
        assert code in {"", "MG604", "MG612", "MG613"}
        refused += code != ""
    assert refused > step // every // 2


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("path", ["c1/new/z.yaml", "c1/new/theirs.yaml", "c2/db/theirs.yaml", C, "c1/shop/more.yaml"])
@pytest.mark.parametrize("later", [1000, 1, 4, 9], ids=["alone", "then the disk refuses", "a bit later", "later"])
def test_a_file_that_appears_at_any_step_stays(tmp_path: Path, path: str, later: int, every: int) -> None:
    appeared = 0
    for step in itertools.count(1, every):
        output = tmp_path / str(step)
        build(output, BEFORE)
        theirs = output / path
        came = False

        def appear(number: int, theirs: Path = theirs, at: int = step) -> OSError | None:
            nonlocal came
            if number == at and not theirs.exists():
                came = True
                theirs.parent.mkdir(parents=True, exist_ok=True)
                theirs.write_bytes(b"theirs\n")
            return full() if number == at + later else None

        steps = Steps(appear)
        with failing(1, steps) as faulty:
            code = outcome(output, AFTER)
        if came:
            appeared += 1
            assert theirs.read_bytes() == b"theirs\n", f"appeared before {faulty.steps[step - 1]}"
            assert code in {"MG612", "MG613"} or path not in AFTER
        if steps.count < step:
            break
    assert appeared


def test_what_is_edited_after_it_was_written_stays_when_the_write_is_taken_back(tmp_path: Path) -> None:
    build(tmp_path, BEFORE)
    written = 0

    def edit(_: int) -> None:
        nonlocal written
        written += 1
        if written == len(AFTER):
            for path in (B, C, "c1/new/z.yaml"):
                put(tmp_path, path, b"theirs\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tmp_path, AFTER, progress=edit)
    assert manifests(tmp_path) == BEFORE | dict.fromkeys((B, C, "c1/new/z.yaml"), b"theirs\n")


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("start", [BEFORE, {}], ids=["second build", "first build"])
def test_an_interrupt_as_any_step_returns_leaves_the_tree_as_it_was_or_whole(
    tmp_path: Path, start: dict[str, bytes], every: int
) -> None:
    for step in itertools.count(1, every):
        output = tmp_path / str(step)
        build(output, start)
        before = manifests(output)
        with failing(step, KeyboardInterrupt, once=True, late=True) as faulty:
            try:
                build(output, AFTER)
            except KeyboardInterrupt:
                interrupted = True
            else:
                interrupted = False
        if not faulty.fired:
            break
        if interrupted:
            assert manifests(output) in (before, AFTER), f"interrupted at step {step}: {faulty.steps[step - 1]}"
            tops = {path.name for path in output.glob("*")} - {".meshgen"}
            assert tops == {path.partition("/")[0] for path in manifests(output)}
            assert not compare(output, AFTER).pending
        build(output, AFTER)
        assert manifests(output) == AFTER


@pytest.mark.parametrize("content", [b"theirs\n", b""])
def test_MG616_fires_for_a_lock_with_another_name(tmp_path: Path, content: bytes) -> None:
    output = tmp_path / "output"
    build(output, BEFORE)
    victim = put(tmp_path, "victim", content)
    (output / ".meshgen/local/lock").hardlink_to(victim)
    before = snapshot(tmp_path)
    with pytest.raises(TreeError) as raised:
        build(output, AFTER)
    (finding,) = raised.value.diagnostics
    assert (finding.code, finding.object) == ("MG616", ".meshgen/local/lock")
    assert snapshot(tmp_path) == before


def test_MG616_silent_for_the_lock_that_a_dead_build_left(tmp_path: Path) -> None:
    build(tmp_path, BEFORE)
    put(tmp_path, ".meshgen/local/lock", b"1")
    assert outcome(tmp_path, AFTER) == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in directories")
@pytest.mark.parametrize("name", ["lock", "journal", ".gitignore", "c1.written"])
def test_a_pipe_in_the_local_state_stays_and_is_not_waited_for(tmp_path: Path, name: str) -> None:
    build(tmp_path, BEFORE)
    pipe = tmp_path / ".meshgen/local" / name
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    assert outcome(tmp_path, AFTER) == "MG605"
    assert pipe.is_fifo()
    assert manifests(tmp_path) == BEFORE


def test_a_pipe_that_comes_into_the_place_of_the_lock_is_not_waited_for(tmp_path: Path) -> None:
    build(tmp_path, BEFORE)
    with compared(tmp_path, BEFORE) as tree:
        os.mkfifo(tmp_path / ".meshgen/local/lock")
        with pytest.raises(SharedError):
            tree._begun()
    assert (tmp_path / ".meshgen/local/lock").is_fifo()


def test_a_manifest_with_another_name_is_replaced_and_the_other_keeps_its_content(tmp_path: Path) -> None:
    output = tmp_path / "output"
    build(output, BEFORE)
    (tmp_path / "other").hardlink_to(output / B)
    build(output, AFTER)
    assert ((tmp_path / "other").read_bytes(), (output / B).read_bytes()) == (b"b\n", b"new\n")


@pytest.mark.parametrize("theirs", [{A: b"other\n", C: b"c\n"}, {C: b"c\n"}, {A: b"a\n", "c3/x.yaml": b"x\n"}])
def test_MG613_fires_when_another_build_wrote_what_was_compared_already(
    tmp_path: Path, theirs: dict[str, bytes]
) -> None:
    ours = {A: b"a\n", C: b"new\n"}
    build(tmp_path, {A: b"a\n", C: b"c\n"})
    with open_tree(tmp_path, SIGNATURE) as tree:
        tree.add("c1", {A: ours[A]})
        build(tmp_path, theirs)
        tree.add("c2", {C: ours[C]})
        with pytest.raises(TreeError) as raised:
            tree.write()
    assert [finding.code for finding in raised.value.diagnostics] == ["MG613"]
    assert manifests(tmp_path) == theirs
    build(tmp_path, ours)
    assert manifests(tmp_path) == ours


def test_MG613_silent_when_another_build_wrote_another_cluster(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    with open_tree(tmp_path, SIGNATURE, only=frozenset({"c1"})) as tree:
        build(tmp_path, {C: b"c\n"}, only=frozenset({"c2"}))
        tree.add("c1", {A: b"new\n"})
        tree.write()
    assert manifests(tmp_path) == {A: b"new\n", C: b"c\n"}


def test_a_foreign_file_of_any_size_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LARGEST", 1 << 16)
    build(tmp_path, BEFORE)
    for path in ("c1/shop/dump", C):
        file = put(tmp_path, path, b"")
        os.truncate(file, 1 << 40)
    comparison = compare(tmp_path, AFTER)
    assert codes(comparison) == {"MG602"}
    assert len(found(comparison, "MG602")) == 1
