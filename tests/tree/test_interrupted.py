"""A build that is killed at any moment: nothing foreign is lost, and the next build finishes it."""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import TreeError
from tests.tree.support import A, B, C, Killed, build, codes, compare, failing, found, manifests, put, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEFORE = {A: b"a\n", B: b"b\n", "c1/old/x.yaml": b"x\n", "left/ns/y.yaml": b"y\n"}
AFTER = {A: b"a\n", B: b"new\n", C: b"c\n", "c1/new/z.yaml": b"z\n"}
FOREIGN = {"c1/shop/mine.yaml": b"mine\n", "left/README.md": b"mine\n", "left/keep.yaml": b"mine\n"}


def prepare(output: Path) -> None:
    build(output, BEFORE)
    for path, content in FOREIGN.items():
        put(output, path, content)


@pytest.fixture(
    params=[pytest.param(3, id="every third step"), pytest.param(1, id="every step", marks=pytest.mark.slow)]
)
def steps(request: pytest.FixtureRequest) -> Iterator[int]:
    """The changes of the disk at which builds are killed, until one comes to its end."""
    stride: int = request.param
    return itertools.count(1, stride)


def kill_at(step: int, output: Path, wanted: dict[str, bytes], *, overwrite: bool = False) -> bool:
    """Build, and die at the given change of the disk. Returns whether the build got that far."""
    with failing(step, Killed) as faulty, contextlib.suppress(Killed):
        build(output, wanted, overwrite=overwrite)
    return faulty.fired


def test_a_build_killed_at_any_step_is_finished_by_the_next(tmp_path: Path, steps: Iterator[int]) -> None:
    prepare(tmp_path / "undisturbed")
    build(tmp_path / "undisturbed", AFTER)
    end = snapshot(tmp_path / "undisturbed")
    pendings = 0
    for step in steps:
        output = tmp_path / str(step)
        prepare(output)
        if not kill_at(step, output, AFTER):
            break
        between = manifests(output)
        assert {path: between[path] for path in FOREIGN} == FOREIGN
        assert all(
            content in {BEFORE.get(path), AFTER.get(path), FOREIGN.get(path)} for path, content in between.items()
        ), "no file is half written"
        comparison = compare(output, AFTER)
        assert comparison.pending == (output / ".meshgen/local/journal").exists()
        pendings += comparison.pending
        build(output, AFTER)
        assert snapshot(output) == end, f"killed at step {step}"
        assert compare(output, AFTER).is_settled
    assert step > 40
    assert pendings > 5


def test_a_first_build_killed_at_any_step_is_finished_by_the_next(tmp_path: Path, steps: Iterator[int]) -> None:
    build(tmp_path / "undisturbed", AFTER)
    for step in steps:
        output = tmp_path / str(step)
        if not kill_at(step, output, AFTER):
            break
        build(output, AFTER)
        assert snapshot(output) == snapshot(tmp_path / "undisturbed"), f"killed at step {step}"
    assert step > 30


def test_an_edit_that_a_killed_build_was_to_overwrite_is_still_one(tmp_path: Path, steps: Iterator[int]) -> None:
    edited = {A: b"edited a\n", "left/ns/y.yaml": b"edited y\n"}
    refused = 0
    for step in steps:
        output = tmp_path / str(step)
        build(output, BEFORE)
        for path, content in edited.items():
            put(output, path, content)
        if not kill_at(step, output, AFTER, overwrite=True):
            break
        left = {path: content for path, content in manifests(output).items() if content == edited.get(path)}
        assert codes(compare(output, AFTER)) & {"MG601"} == ({"MG601"} if left else set()), f"killed at step {step}"
        with contextlib.suppress(TreeError):
            build(output, AFTER)
        assert manifests(output).items() >= left.items()
        refused += bool(left)
    assert refused > 6


def test_after_a_kill_the_fleet_may_go_back_to_what_it_was(tmp_path: Path, steps: Iterator[int]) -> None:
    prepare(tmp_path / "undisturbed")
    for step in steps:
        output = tmp_path / str(step)
        prepare(output)
        if not kill_at(step, output, AFTER):
            break
        build(output, BEFORE)
        assert snapshot(output) == snapshot(tmp_path / "undisturbed"), f"killed at step {step}"


def test_the_finishing_build_may_be_killed_too(tmp_path: Path) -> None:
    prepare(tmp_path / "undisturbed")
    build(tmp_path / "undisturbed", AFTER)
    end = snapshot(tmp_path / "undisturbed")
    for first, second in itertools.product(range(30, 70, 7), range(3, 60, 8)):
        output = tmp_path / f"{first}-{second}"
        prepare(output)
        kill_at(first, output, AFTER)
        kill_at(second, output, AFTER)
        assert {path: manifests(output)[path] for path in FOREIGN} == FOREIGN
        build(output, AFTER)
        assert snapshot(output) == end, f"killed at steps {first} and {second}"


def test_a_build_of_one_cluster_after_a_kill_leaves_the_rest_for_later(tmp_path: Path, steps: Iterator[int]) -> None:
    prepare(tmp_path / "undisturbed")
    build(tmp_path / "undisturbed", AFTER)
    for step in steps:
        output = tmp_path / str(step)
        prepare(output)
        if not kill_at(step, output, AFTER):
            break
        build(output, AFTER, only=frozenset({"c2"}))
        assert not compare(output, AFTER).pending
        build(output, AFTER)
        assert snapshot(output) == snapshot(tmp_path / "undisturbed"), f"killed at step {step}"


def test_what_a_killed_build_wrote_is_ours_for_every_later_build(tmp_path: Path, steps: Iterator[int]) -> None:
    later = {A: b"later\n", B: b"later\n", C: b"later\n", "c1/new/z.yaml": b"later\n"}
    for step in steps:
        output = tmp_path / str(step)
        prepare(output)
        if not kill_at(step, output, AFTER):
            break
        build(output, AFTER, only=frozenset({"c2"}))
        assert codes(compare(output, later)) == {"MG603"}
        build(output, later)
        assert manifests(output) == later | FOREIGN


def test_what_two_killed_builds_wrote_is_ours(tmp_path: Path) -> None:
    tried = 0
    for first, second in itertools.product(range(20, 32, 2), range(12, 34, 2)):
        output = tmp_path / f"{first}-{second}"
        kill_at(first, output, {A: b"a\n", B: b"b\n"})
        kill_at(second, output, {A: b"a\n", B: b"b\n", C: b"c\n"})
        tried += compare(output, {}).pending
        assert codes(compare(output, {A: b"later\n", B: b"later\n"})) <= {"MG608"}
    assert tried > 20


def test_the_journal_is_durable_before_the_first_file_moves(tmp_path: Path) -> None:
    prepare(tmp_path)
    with failing(1 << 30, Killed) as faulty:
        build(tmp_path, AFTER)
    kinds = [step.split()[0] for step in faulty.steps]
    journal = kinds.index("replace")
    assert "journal" in faulty.steps[journal]
    assert kinds[journal - 2 : journal + 2] == ["open", "fsync", "replace", "fsync"]
    assert kinds[journal + 2 :].count("fsync") == 1, "manifests are not waited for"


def test_overwriting_killed_at_any_step_loses_only_what_it_may_overwrite(tmp_path: Path, steps: Iterator[int]) -> None:
    conflicts = {A: b"edited\n", C: b"edited\n"}
    for step in steps:
        output = tmp_path / str(step)
        prepare(output)
        for path, content in conflicts.items():
            put(output, path, content)
        if not kill_at(step, output, AFTER, overwrite=True):
            break
        between = manifests(output)
        assert {path: between[path] for path in FOREIGN} == FOREIGN
        for path, content in conflicts.items():
            assert between[path] in {content, AFTER[path]}
        build(output, AFTER, overwrite=True)
        assert manifests(output) == AFTER | FOREIGN


def test_MG608_fires_when_a_write_did_not_end(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, ".meshgen/local/journal", (tmp_path / ".meshgen/local/c1.written").read_bytes())
    comparison = compare(tmp_path, {A: b"a\n"})
    assert found(comparison, "MG608") == [
        (
            f"{tmp_path}/.meshgen/local/journal:1:1 warning: "
            "an earlier build was stopped while it wrote the output tree, or still writes it"
        )
    ]
    assert comparison.pending
    assert not comparison.in_sync, "so that --check says so"
    build(tmp_path, {A: b"a\n"})
    assert compare(tmp_path, {A: b"a\n"}).is_settled


def test_MG608_silent_when_a_build_died_before_it_touched_the_tree(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, ".meshgen/local/staging-1/new/c1/shop/0", b"half")
    put(tmp_path, ".meshgen/local/lock", b"1")
    comparison = compare(tmp_path, {A: b"a\n"})
    assert codes(comparison) == set()
    assert comparison.in_sync
    build(tmp_path, {A: b"a\n"})
    assert not (tmp_path / ".meshgen/local/staging-1").exists()
    assert not (tmp_path / ".meshgen/local/lock").exists()


_BUILD = """
import sys
from pathlib import Path
from tests.tree.support import compared
output, version, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
wanted = {
    f"c{number % 7}/ns-{number % 3}/service_{version if number % 5 == 0 else 'all'}-{number}.yaml":
    f"# {number}\\nversion: {version if number % 2 else 'any'}\\n".encode() * 20
    for number in range(count)
}
with compared(output, wanted) as tree:
    print("ready", flush=True)
    tree.write()
print("done", flush=True)
"""


def kill_for_real(directory: Path, kills: int, files: int) -> str:
    """Kill builds with SIGKILL at random moments; each must leave a tree that the next build sets right.

    Returns what happened, in words.
    """
    chance = random.Random(7)  # noqa: S311 - repeatable, no secret
    program = [sys.executable, "-c", _BUILD]
    ends = {}
    longest = 0.0
    for version in ("one", "two"):
        output = directory / version
        with subprocess.Popen([*program, output, version, str(files)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            started = time.monotonic()
            assert child.stdout.readline() == "done\n"
            longest = max(longest, time.monotonic() - started)
        ends[version] = manifests(output)
    output = directory / "killed"
    shutil.copytree(directory / "one", output)
    put(output, "c1/ns-1/mine.yaml", b"mine\n")
    number = -1
    died = pending = untouched = 0
    window = longest
    while died < kills:
        number += 1
        version = "two" if number % 2 == 0 else "one"
        with subprocess.Popen([*program, output, version, str(files)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", "a killed build must never make conflicts"
            time.sleep(chance.uniform(0, window))
            child.send_signal(signal.SIGKILL)
            finished = child.stdout.read() == "done\n"
        died += not finished
        # A build that was faster than the signal says that the first one was slow.
        window *= 0.98 if finished else 1.01
        now = manifests(output)
        assert now.pop("c1/ns-1/mine.yaml") == b"mine\n"
        for path, content in now.items():
            assert content in {ends["one"].get(path), ends["two"].get(path)}, f"{path} is half written"
        pending += (output / ".meshgen/local/journal").exists()
        untouched += now in (ends["one"], ends["two"])
        if number % 10 == 9:
            wanted = ends[version]
            build(output, wanted)
            assert manifests(output) == wanted | {"c1/ns-1/mine.yaml": b"mine\n"}
            assert compare(output, wanted).is_settled
            assert not list((output / ".meshgen/local").glob("staging-*"))
    build(output, ends["one"])
    assert manifests(output) == ends["one"] | {"c1/ns-1/mine.yaml": b"mine\n"}
    return (
        f"{number + 1} builds of {files} files sent SIGKILL, within {longest:.2f} s at first: {died} died, "
        f"{pending} while moving files, {untouched} left one of the two whole trees"
    )


@pytest.mark.slow
def test_five_hundred_builds_killed_by_the_system_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = kill_for_real(tmp_path, kills=500, files=3000)
    with capsys.disabled():
        # Workers of a parallel run pass on what goes to standard error only.
        print("\n" + story, file=sys.stderr)  # noqa: T201 - a long law says what it did
    assert " 0 while moving" not in story
