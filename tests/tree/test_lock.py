"""Two builds at once."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import TreeError, lock
from meshgen.tree.disk import Root
from meshgen.tree.lock import LockedError, held
from tests.tree.support import A, B, build, compare, manifests, put

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = """
import sys
from meshgen.tree.disk import Root
from meshgen.tree.lock import held
with held(Root(sys.argv[1]), ".meshgen/local/lock"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_MG609_fires_when_another_build_writes(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    program = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(TreeError) as raised:
            build(tmp_path, {A: b"new\n"})
        other.stdin.close()
        other.wait()
        (finding,) = raised.value.diagnostics
        assert finding.code == "MG609"
        assert finding.message == f"another build (process {other.pid}) is writing this output tree"
        assert raised.value.is_environment
    assert manifests(tmp_path) == {A: b"a\n"}
    build(tmp_path, {A: b"new\n"})
    assert manifests(tmp_path) == {A: b"new\n"}


def test_MG609_silent_when_the_holder_died(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    put(tmp_path, ".meshgen/local/lock", b"999999")
    assert build(tmp_path, {A: b"new\n"}).changed == 1
    assert not (tmp_path / ".meshgen/local/lock").exists()


def test_comparing_needs_no_lock(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    with Root(str(tmp_path)) as root, held(root, ".meshgen/local/lock"):
        assert compare(tmp_path, {A: b"a\n"}).in_sync


def test_a_build_that_changes_nothing_needs_no_lock(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    with Root(str(tmp_path)) as root, held(root, ".meshgen/local/lock"):
        assert build(tmp_path, {A: b"a\n"}).unchanged == 1


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    inside = 0
    most = 0
    taken = 0

    def contend() -> None:
        nonlocal inside, most, taken
        for _ in range(200):
            try:
                with Root(str(tmp_path)) as root, held(root, "lock"):
                    inside += 1
                    most = max(most, inside)
                    taken += 1
                    inside -= 1
            except LockedError:
                continue

    threads = [threading.Thread(target=contend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert taken > 0
    assert not os.path.exists(path)  # noqa: PTH110 - as the lock names it


@pytest.mark.parametrize(
    ("content", "holder"), [(b"4711", "4711"), (b"", ""), (b"not a number", ""), (b"\xef\xbc\x94", ""), (b"\xff", "")]
)
def test_the_holder_is_named_where_the_file_has_a_process_id(content: bytes, holder: str, tmp_path: Path) -> None:
    with Root(str(tmp_path)) as root, held(root, "lock"):
        (tmp_path / "lock").write_bytes(content)
        with pytest.raises(LockedError) as refused, held(root, "lock"):
            pass
    assert refused.value.holder == holder


def test_a_lock_whose_file_cannot_be_read_is_held_by_somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_read(*_: object) -> bytes:
        raise OSError(errno.EIO, "broken")

    with Root(str(tmp_path)) as root, held(root, "lock"):
        monkeypatch.setattr(os, "pread", no_read)
        with pytest.raises(LockedError) as refused, held(root, "lock"):
            pass
    assert refused.value.holder == ""


def test_a_lock_is_free_after_an_error_inside_of_it_and_after_its_file_went(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Root(str(tmp_path)) as root:
        with contextlib.suppress(RuntimeError), held(root, "lock"):
            raise RuntimeError("inside")
        assert not path.exists()
        with held(root, "lock"):
            path.unlink()
            path.write_text("somebody else's")
        assert path.read_text() == "somebody else's"
        with held(root, "lock"):
            assert path.read_text() == str(os.getpid())


def test_a_lock_whose_file_went_while_it_was_taken_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    take = lock._try_lock
    calls = 0

    def take_late(descriptor: int) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            path.unlink()
        return take(descriptor)

    monkeypatch.setattr(lock, "_try_lock", take_late)
    with Root(str(tmp_path)) as root, held(root, "lock"):
        assert path.exists(), "nobody else can take it"
    assert calls == 2


def test_of_two_builds_at_the_same_moment_the_tree_is_one_of_the_two(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    choices = [{A: b"one\n", B: b"one\n"}, {A: b"two\n"}]
    for _ in range(20):
        outcomes: list[str] = []

        def run(wanted: dict[str, bytes], outcomes: list[str]) -> None:
            try:
                build(tmp_path, wanted)
            except TreeError as error:
                outcomes.append(error.diagnostics[0].code)
            else:
                outcomes.append("written")

        threads = [threading.Thread(target=run, args=(wanted, outcomes)) for wanted in choices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert manifests(tmp_path) in choices
        assert set(outcomes) <= {"written", "MG609", "MG613", "MG601", "MG602"}
        build(tmp_path, {A: b"a\n"})
