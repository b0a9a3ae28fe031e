"""The diagnostics of the output tree (MG6xx): one function each, so that their words stand side by side."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, Span

if TYPE_CHECKING:
    from pathlib import Path

_ON_DISK = {
    errno.ENOSPC: "Free some space and build again.",
    errno.EDQUOT: "Free some space or raise the quota, and build again.",
    errno.EFBIG: "Raise the limit on the size of files and build again.",
    errno.EACCES: "Give yourself the right to read and write there and build again.",
    errno.EPERM: "Give yourself the right to read and write there and build again.",
    errno.EROFS: "Build into a directory that can be written.",
}


def shown(path: str) -> str:
    """`path` without characters that a terminal or a text file cannot hold."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in path)


def place(output: Path, path: str, line: int = 1) -> Span:
    """The span of a file of the tree, named the way the user named the output directory."""
    return Span(shown((output / path).as_posix()), line, 1, line, 1)


def edited(output: Path, path: str, *, unwanted: bool) -> Diagnostic:
    fate = "deleted" if unwanted else "overwritten"
    return Diagnostic(
        code="MG601",
        severity="error",
        message=f"`{shown(path)}` was edited since meshgen wrote it and would be {fate}",
        span=place(output, path),
        help=f"Put the edit into the fleet, or let it be {fate} with `--force`.",
        object=shown(path),
    )


def foreign(output: Path, path: str) -> Diagnostic:
    return Diagnostic(
        code="MG602",
        severity="error",
        message=f"`{shown(path)}` is to be written, but a file that meshgen did not write stands there",
        span=place(output, path),
        help="Move it out of the way, or let it be overwritten with `--force`.",
        object=shown(path),
    )


def foreign_manifest(output: Path, path: str) -> Diagnostic:
    top, _, rest = path.partition("/")
    name = rest.lower()
    if name in {"kustomization.yaml", "kustomization.yml", "kustomization"}:
        effect = f"Argo CD and Flux then read only what it lists of `{shown(top)}`"
    elif name == "chart.yaml":
        effect = f"Argo CD then takes `{shown(top)}` for a Helm chart"
    else:
        effect = f"a sync of `{shown(top)}` would read it"
    return Diagnostic(
        code="MG603",
        severity="warning",
        message=f"`{shown(path)}` is not written by meshgen, and {effect}",
        span=place(output, path),
        help="Move it out of the output directory; meshgen never touches it.",
        object=shown(path),
    )


def link(output: Path, path: str) -> Diagnostic:
    return Diagnostic(
        code="MG604",
        severity="error",
        message=f"`{shown(path)}` is a symbolic link where meshgen writes or deletes",
        span=place(output, path),
        help="Replace the link by what it points to, or remove it.",
        object=shown(path),
    )


def in_the_way(output: Path, path: str, *, needed: str) -> Diagnostic:
    name = shown(path) or shown(output.as_posix())
    return Diagnostic(
        code="MG605",
        severity="error",
        message=f"`{name}` has to be a {needed}, but something else stands there",
        span=place(output, path),
        help="Move it out of the way.",
        object=name,
    )


def case_clash(output: Path, first: str, second: str) -> Diagnostic:
    return Diagnostic(
        code="MG606",
        severity="error",
        message=f"`{shown(first)}` and `{shown(second)}` are one path where case does not count",
        span=place(output, first),
        help="Rename one of the two: macOS and Windows would keep only one.",
        notes=(Note(place(output, second), "the other path"),),
        object=shown(first),
    )


def bad_line(output: Path, path: str, line: int, why: str) -> Diagnostic:
    return Diagnostic(
        code="MG607",
        severity="error",
        message=f"line {line} of `{shown(path)}` {why}",
        span=place(output, path, line),
        help="Restore the list from Git, or delete the line: its file then counts as not written by meshgen.",
        object=shown(path),
    )


def interrupted(output: Path, journal: str) -> Diagnostic:
    return Diagnostic(
        code="MG608",
        severity="warning",
        message="an earlier build was stopped while it wrote the output tree, or still writes it",
        span=place(output, journal),
        help="Run `meshgen build`: it finishes the write.",
        object=journal,
    )


def locked(output: Path, lock: str, holder: str) -> Diagnostic:
    process = f" (process {holder})" if holder else ""
    return Diagnostic(
        code="MG609",
        severity="error",
        message=f"another build{process} is writing this output tree",
        span=place(output, lock),
        help="Run the build again when the other has ended.",
        object=lock,
    )


def no_manifests(output: Path, top: str, owned: str) -> Diagnostic:
    return Diagnostic(
        code="MG610",
        severity="warning",
        message=f"cluster `{shown(top)}` gets no manifest any more, so its directory is removed",
        span=place(output, owned),
        help="Argo CD and Flux stop syncing it and keep its objects: delete those by hand, "
        "or give the cluster something to do.",
        object=shown(top),
    )


def would_prune_everything(output: Path, top: str, kept: str) -> Diagnostic:
    return Diagnostic(
        code="MG611",
        severity="error",
        message=f"`{shown(top)}` would stay without manifests because of `{shown(kept)}`, "
        "and Flux would delete every object that it synced from there",
        span=place(output, kept),
        help=f"Move what meshgen did not write out of `{shown(top)}`, so that the directory can be removed.",
        object=shown(top),
    )


def disk_error(output: Path, path: str, error: OSError, *, undone: bool = True) -> Diagnostic:
    reason = error.strerror or os.strerror(error.errno or errno.EIO)
    reason = reason[:1].lower() + reason[1:]
    name = shown(path) or shown(output.as_posix())
    state = "" if undone else "; the output tree is half written"
    advice = _ON_DISK.get(error.errno or 0, "Set the disk right and build again.")
    return Diagnostic(
        code="MG612",
        severity="error",
        message=f"cannot read or write `{name}`: {reason}{state}",
        span=place(output, path),
        help=advice if undone else advice.replace("build again", "build again, which finishes the write"),
        object=name,
    )


def moved_on(output: Path, path: str) -> Diagnostic:
    return Diagnostic(
        code="MG613",
        severity="error",
        message=f"`{shown(path)}` changed while the build ran",
        span=place(output, path),
        help="Run the build again; nothing was written.",
        object=shown(path),
    )


def bad_list(output: Path, path: str) -> Diagnostic:
    return Diagnostic(
        code="MG607",
        severity="error",
        message=f"`{shown(path)}` is not named after a top directory of the output tree",
        span=place(output, path),
        help="Delete it.",
        object=shown(path),
    )
