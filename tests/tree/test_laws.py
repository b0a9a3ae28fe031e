"""Laws of the output tree under any sequence of builds, forces, kills and edits."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from meshgen.tree import TreeError
from tests.tree.support import Killed, build, compare, failing, manifests, put, snapshot

PATHS = st.sampled_from(
    [f"{top}/{space}/{name}.yaml" for top in ("c1", "c2", "_setup") for space in ("x", "y") for name in "ab"]
)
GENERATED = st.sampled_from([b"one\n", b"two\n", b""])
TREES = st.dictionaries(PATHS, GENERATED, max_size=6)
MANY_SYNCED_PATHS = [f"{top}/mine.yaml" for top in ("c1", "c2")]


@settings(max_examples=30, deadline=None)
@given(st.lists(TREES, min_size=1, max_size=4))
def test_every_build_ends_in_sync_and_a_second_one_changes_nothing(trees: list[dict[str, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory, "output")
        for wanted in trees:
            build(output, wanted)
            assert manifests(output) == wanted
            comparison = compare(output, wanted)
            assert comparison.in_sync
            assert comparison.is_settled
            assert comparison.diagnostics == ()


@settings(max_examples=30, deadline=None)
@given(TREES, TREES, TREES)
def test_the_way_to_a_tree_leaves_no_trace(
    first: dict[str, bytes], second: dict[str, bytes], wanted: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        long, short = Path(directory, "long"), Path(directory, "short")
        for tree in (first, second, wanted):
            build(long, tree)
        build(short, wanted)
        ours = {path: content for path, content in snapshot(long).items() if path.startswith("c")}
        assert ours == {path: content for path, content in snapshot(short).items() if path.startswith("c")}
        if wanted:
            assert snapshot(long) == snapshot(short)


@settings(max_examples=30, deadline=None)
@given(TREES, TREES, st.integers(1, 80))
def test_a_kill_anywhere_and_a_build_are_as_good_as_a_build(
    before: dict[str, bytes], wanted: dict[str, bytes], step: int
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        killed, calm = Path(directory, "killed"), Path(directory, "calm")
        for output in (killed, calm):
            build(output, before)
        with failing(step, Killed), contextlib.suppress(Killed):
            build(killed, wanted)
        build(killed, wanted)
        build(calm, wanted)
        if wanted or before:
            assert manifests(killed) == manifests(calm) == wanted
            assert compare(killed, wanted).is_settled


KILLED_BUILDS = st.lists(
    st.tuples(TREES, st.integers(1, 80), st.none() | st.frozensets(st.sampled_from(["c1", "c2", "_setup"]))),
    max_size=4,
)


@settings(max_examples=50, deadline=None)
@given(KILLED_BUILDS, TREES)
def test_killed_builds_never_make_conflicts(
    builds: list[tuple[dict[str, bytes], int, frozenset[str] | None]], wanted: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory, "output")
        for tree, step, only in builds:
            with failing(step, Killed), contextlib.suppress(Killed):
                build(output, tree, only=only)
        comparison = compare(output, wanted)
        assert {finding.code for finding in comparison.diagnostics} <= {"MG608"}
        build(output, wanted)
        assert manifests(output) == wanted


def kept(output: Path) -> dict[str, bytes | str]:
    """Everything but what builds that died had staged."""
    return {path: content for path, content in snapshot(output).items() if "/staging-" not in path}


class Life(RuleBasedStateMachine):
    """A person and builds, dying ones too, at work on one tree: what the person wrote stays."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.output = Path(self.directory.name, "output")
        self.theirs: dict[str, bytes] = {}
        self.edits: dict[str, bytes] = {}

    def teardown(self) -> None:
        self.directory.cleanup()

    @initialize(wanted=TREES)
    def start(self, wanted: dict[str, bytes]) -> None:
        build(self.output, wanted)

    @rule(path=PATHS, number=st.integers(0, 9))
    def a_person_writes_a_file(self, path: str, number: int) -> None:
        content = f"by hand {number}\n".encode()
        put(self.output, path, content)
        self.theirs[path] = content
        self.edits.pop(path, None)

    @rule(path=PATHS, number=st.integers(0, 9))
    def a_person_edits_a_file(self, path: str, number: int) -> None:
        content = f"edited {number}\n".encode()
        put(self.output, path, content)
        self.edits[path] = content
        self.theirs.pop(path, None)

    @rule(path=st.sampled_from(MANY_SYNCED_PATHS))
    def a_person_adds_a_manifest_where_meshgen_never_writes(self, path: str) -> None:
        put(self.output, path, b"by hand\n")
        self.theirs[path] = b"by hand\n"

    @rule(path=PATHS)
    def a_person_deletes_a_file(self, path: str) -> None:
        (self.output / path).unlink(missing_ok=True)
        self.theirs.pop(path, None)
        self.edits.pop(path, None)

    @rule(wanted=TREES)
    def a_build(self, wanted: dict[str, bytes]) -> None:
        before = kept(self.output)
        try:
            build(self.output, wanted)
        except TreeError:
            assert kept(self.output) == before
        else:
            assert compare(self.output, wanted).in_sync
            assert manifests(self.output) == wanted | self.theirs
            assert not self.edits

    @rule(wanted=TREES, step=st.integers(1, 60))
    def a_build_that_is_killed(self, wanted: dict[str, bytes], step: int) -> None:
        with failing(step, Killed), contextlib.suppress(Killed, TreeError):
            build(self.output, wanted)

    @rule(wanted=TREES, only=st.sets(st.sampled_from(["c1", "c2"])))
    def a_build_of_some_clusters(self, wanted: dict[str, bytes], only: set[str]) -> None:
        with contextlib.suppress(TreeError):
            build(self.output, wanted, only=frozenset(only))

    @rule(wanted=TREES, step=st.integers(1, 200))
    def a_build_that_overwrites_edits(self, wanted: dict[str, bytes], step: int) -> None:
        with failing(step, Killed), contextlib.suppress(Killed, TreeError):
            build(self.output, wanted, overwrite=True)
        now = manifests(self.output)
        for path in self.edits:
            if now.get(path) != self.edits[path]:
                assert now.get(path) == wanted.get(path)
        self.edits = {path: content for path, content in self.edits.items() if now.get(path) == content}

    @invariant()
    def what_a_person_wrote_is_there(self) -> None:
        for path, content in (self.theirs | self.edits).items():
            assert (self.output / path).read_bytes() == content


Life.TestCase.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase


class LongLife(Life):
    """The same, for as long as `make fuzz` has time."""


LongLife.TestCase.settings = settings(
    max_examples=200, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLongLife = pytest.mark.slow(LongLife.TestCase)
