"""Words for the tests of the output tree: build it, look at it, and stop a build at any step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.tree import disk, open_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from meshgen.tree import Comparison, Result, Tree

A = "c1/shop/service_a.yaml"
B = "c1/shop/service_b.yaml"
C = "c2/db/service_c.yaml"


Wanted = Mapping[str, bytes]


class _Signature:
    """Whoever writes a file here says so if it is not meshgen."""

    def begins(self, content: bytes) -> bool:
        return not content.startswith((b"mine", b"theirs", b"by hand"))

    def fits(self, path: str, content: bytes) -> bool:
        return path.count("/") > 0 and self.begins(content)


SIGNATURE = _Signature()


@contextlib.contextmanager
def compared(
    output: Path,
    wanted: Wanted,
    *,
    only: frozenset[str] | None = None,
    clusters: frozenset[str] = frozenset(),
    writing: bool = True,
    overwrite: bool = False,
) -> Iterator[Tree]:
    """The tree, compared and staged but not yet written."""
    tops: dict[str, dict[str, bytes]] = {}
    for path, content in wanted.items():
        tops.setdefault(path.partition("/")[0], {})[path] = content
    with open_tree(output, SIGNATURE, only=only, clusters=clusters, writing=writing, overwrite_edits=overwrite) as tree:
        for top, files in tops.items():
            tree.add(top, files)
        tree.finish()
        yield tree


def compare(
    output: Path,
    wanted: Wanted,
    *,
    only: frozenset[str] | None = None,
    clusters: frozenset[str] = frozenset(),
    overwrite: bool = False,
) -> Comparison:
    with compared(output, wanted, only=only, clusters=clusters, writing=False, overwrite=overwrite) as tree:
        return tree.finish()


def build(
    output: Path,
    wanted: Wanted,
    *,
    only: frozenset[str] | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Result:
    with compared(output, wanted, only=only, overwrite=overwrite) as tree:
        return tree.write(progress)


def found(comparison: Comparison, code: str) -> list[str]:
    """The findings of one code as people see them."""
    return [
        f"{diagnostic.span} {diagnostic.severity}: {diagnostic.message}"
        for diagnostic in comparison.diagnostics
        if diagnostic.code == code
    ]


def codes(comparison: Comparison) -> set[str]:
    return {diagnostic.code for diagnostic in comparison.diagnostics}


def snapshot(directory: Path) -> dict[str, bytes | str]:
    """Everything below a directory: the content of files, `dir`, `pipe`, `-> target` for links."""
    result: dict[str, bytes | str] = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            result[name] = f"-> {os.readlink(path)}"  # noqa: PTH115 - the text of the link, unread
        elif path.is_fifo():
            result[name] = "pipe"
        else:
            result[name] = "dir" if path.is_dir() else path.read_bytes()
    return result


def manifests(directory: Path) -> dict[str, bytes]:
    """All files but those of this machine only."""
    return {
        path: content
        for path, content in snapshot(directory).items()
        if isinstance(content, bytes) and not path.startswith(".")
    }


def put(directory: Path, path: str, content: bytes) -> Path:
    """Write a file the way a person would."""
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


class Killed(BaseException):
    """The process is gone: nothing that it still wanted to do happens."""


_STEPS = frozenset({"mkdir", "rmdir", "replace", "link", "unlink", "write", "fsync", "chmod"})


class Faulty:
    """Stands in for `os` in `meshgen.tree.disk`: the `at`-th change of the disk fails, and unless `once` all later.

    `late`: it is done, and fails as it returns. Where `error` gives none something else happens at that moment.
    """

    def __init__(
        self, at: int, error: Callable[[], BaseException | None], *, once: bool = False, late: bool = False
    ) -> None:
        self.at = at
        self.error = error
        self.once = once
        self.late = late
        self.steps: list[str] = []

    @property
    def fired(self) -> bool:
        return len(self.steps) >= self.at

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in _STEPS and name != "open":
            return real

        def step(*args: Any, **options: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **options)
            self.steps.append(f"{name} {args[0]}")
            if len(self.steps) == self.at or (self.fired and not self.once):
                if self.late:
                    real(*args, **options)
                error = self.error()
                if error is not None:
                    raise error
            return real(*args, **options)

        return step


@contextlib.contextmanager
def failing(
    at: int, error: Callable[[], BaseException | None], *, once: bool = False, late: bool = False
) -> Iterator[Faulty]:
    """Let the `at`-th change of the disk fail in the body, and unless `once` every later one too; `late`: when done."""
    faulty = Faulty(at, error, once=once, late=late)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk, "os", faulty)
        yield faulty
