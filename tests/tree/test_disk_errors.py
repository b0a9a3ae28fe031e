"""Disks that refuse: the tree stays as it was, nothing is left behind, the path is told."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from meshgen.tree import TreeError
from meshgen.tree.disk import Root
from tests.tree.support import A, B, C, build, codes, compare, failing, found, put, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BEFORE = {A: b"a\n", B: b"b\n", "c1/old/x.yaml": b"x\n"}
AFTER = {A: b"new\n", C: b"c\n", "c1/new/z.yaml": b"z\n"}


def no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("start", [BEFORE, {}], ids=["second build", "first build"])
def test_a_step_that_the_disk_refuses_leaves_the_tree_as_it_was(tmp_path: Path, start: dict[str, bytes]) -> None:
    refusals = 0
    for step in itertools.count(1):
        output = tmp_path / str(step)
        build(output, start)
        before = snapshot(tmp_path)
        refusal: TreeError | None = None
        with failing(step, no_space, once=True) as faulty:
            try:
                build(output, AFTER)
            except TreeError as error:
                refusal = error
        if refusal is None:
            assert compare(output, AFTER).in_sync
        else:
            assert [finding.code for finding in refusal.diagnostics] == ["MG612"]
            assert refusal.is_environment
            assert snapshot(tmp_path) == before, f"refused at step {step}: {faulty.steps[-1]}"
            refusals += 1
        if not faulty.fired:
            break
        shutil.rmtree(output, ignore_errors=True)
    assert refusals > 20


def test_a_disk_that_refuses_everything_from_some_step_on_leaves_what_the_next_build_finishes(
    tmp_path: Path,
) -> None:
    half = 0
    for step in itertools.count(1):
        output = tmp_path / str(step)
        build(output, BEFORE)
        before = snapshot(output)
        with failing(step, no_space) as faulty:
            try:
                build(output, AFTER)
            except TreeError as error:
                if "half written" in error.diagnostics[0].message:
                    half += 1
                    assert compare(output, AFTER).pending
                else:
                    left = {
                        path: content
                        for path, content in snapshot(output).items()
                        if not path.startswith((".meshgen/local/staging-", ".meshgen/local/journal"))
                    }
                    assert left == before
        if not faulty.fired:
            break
        build(output, AFTER)
        assert compare(output, AFTER).is_settled
    assert half > 5


def test_file_systems_without_hard_links_get_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    for step in itertools.count(1):
        output = tmp_path / str(step)
        build(output, BEFORE)
        before = snapshot(output)
        with failing(step, no_space, once=True) as faulty:
            try:
                build(output, AFTER)
            except TreeError:
                assert snapshot(output) == before
        if not faulty.fired:
            break
    assert compare(output, AFTER).is_settled


_LIMITED = """
import resource, sys
from pathlib import Path
from meshgen.tree import TreeError
from meshgen.tree.disk import Root
from tests.tree.support import build
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    build(Path(sys.argv[1]), {"c1/shop/big.yaml": b"x" * 100_000, "c1/shop/a.yaml": b"a\\n"})
except TreeError as error:
    print(error)
"""


def test_MG612_fires_when_a_file_grows_over_a_limit(tmp_path: Path) -> None:
    build(tmp_path, BEFORE)
    before = snapshot(tmp_path)
    said = subprocess.run(
        [sys.executable, "-c", _LIMITED, tmp_path, "50000"], capture_output=True, check=True, text=True
    )
    assert said.stdout == "cannot read or write `c1/shop/big.yaml`: file too large\n"
    assert snapshot(tmp_path) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB; needs the right to mount, which tests in CI containers have as root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, check=False, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a small disk: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_MG612_fires_when_the_disk_is_full(small_disk: Path) -> None:
    output = small_disk / "output"
    build(output, BEFORE)
    before = snapshot(output)
    wanted = {f"c1/shop/{number:03}.yaml": b"x" * 4096 for number in range(100)}
    with pytest.raises(TreeError, match=r"cannot read or write `c1/shop/\d+\.yaml`: no space left on device"):
        build(output, wanted)
    assert snapshot(output) == before
    build(output, AFTER)
    assert compare(output, AFTER).is_settled


_UNPRIVILEGED = """
import sys
from pathlib import Path
from meshgen.tree import TreeError
from tests.tree.support import build
for output in sys.stdin:
    try:
        build(Path(output[:-1]), {"c1/shop/service_a.yaml": b"new\\n", "c2/db/service_c.yaml": b"c\\n"})
    except TreeError as error:
        print(error, flush=True)
    else:
        print("written", flush=True)
"""


@pytest.fixture(scope="module")
def without_rights_of_root() -> Iterator[Callable[[Path], str]]:
    """Builds as a user whom file modes bind, and returns what that says: one process for all tests."""
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    program = [*drop, sys.executable, "-c", _UNPRIVILEGED]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def said(output: Path) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{output}\n")
            process.stdin.flush()
            return process.stdout.readline()

        yield said


@pytest.mark.parametrize(
    ("closed", "mode", "said"),
    [
        (".", 0o555, "cannot read or write `c2`: permission denied"),
        ("c1/shop", 0o555, "cannot read or write `c1/shop/service_a.yaml`: permission denied"),
        (".meshgen/local", 0o555, "cannot read or write `.meshgen/local/lock`: permission denied"),
        ("c1", 0o000, "cannot read or write `c1`: permission denied"),
        (A, 0o000, f"cannot read or write `{A}`: permission denied"),
        (
            ".meshgen/local/c1.written",
            0o000,
            "cannot read or write `.meshgen/local/c1.written`: permission denied",
        ),
        (".meshgen/local", 0o000, "cannot read or write `.meshgen/local`: permission denied"),
    ],
)
def test_MG612_fires_when_a_right_is_missing(
    tmp_path: Path, without_rights_of_root: Callable[[Path], str], closed: str, mode: int, said: str
) -> None:
    output = tmp_path / "output"
    build(output, {A: b"a\n"})
    before = snapshot(output)
    usual = (output / closed).stat().st_mode
    (output / closed).chmod(mode)
    message = without_rights_of_root(output)
    (output / closed).chmod(usual)
    assert said in message
    assert snapshot(output) == before


def test_MG612_silent_when_nothing_has_to_be_written_into_a_closed_tree(
    tmp_path: Path, without_rights_of_root: Callable[[Path], str]
) -> None:
    output = tmp_path / "output"
    wanted = {A: b"new\n", C: b"c\n"}
    build(output, wanted)
    for directory in [output, *output.rglob("*")]:
        directory.chmod(0o555 if directory.is_dir() else 0o444)
    assert without_rights_of_root(output) == "written\n"
    for directory in [output, *output.rglob("*")]:
        directory.chmod(0o755)


def test_MG612_fires_when_the_parent_of_the_output_directory_is_a_file(tmp_path: Path) -> None:
    put(tmp_path, "file", b"mine\n")
    with pytest.raises(TreeError, match="not a directory") as raised:
        build(tmp_path / "file/output", {A: b"a\n"})
    assert raised.value.diagnostics[0].code == "MG612"


def test_MG612_fires_when_a_name_is_too_long(tmp_path: Path) -> None:
    build(tmp_path, {A: b"a\n"})
    before = snapshot(tmp_path)
    with pytest.raises(TreeError, match="file name too long"):
        build(tmp_path, {A: b"new\n", f"c1/shop/{'n' * 300}.yaml": b"x\n"})
    assert snapshot(tmp_path) == before


def test_every_file_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, {A: b"a\n", B: b"b\n"})

    read = Root.read

    def broken(root: Root, path: str, expected: bytes = b"") -> bytes:
        if path.endswith(".yaml"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(root, path, expected)

    monkeypatch.setattr(Root, "read", broken)
    comparison = compare(tmp_path, {A: b"a\n", B: b"b\n"})
    assert found(comparison, "MG612") == [
        f"{tmp_path}/{A}:1:1 error: cannot read or write `{A}`: input/output error",
        f"{tmp_path}/{B}:1:1 error: cannot read or write `{B}`: input/output error",
    ]
    assert codes(comparison) == {"MG612"}
    assert not comparison.in_sync
