"""The diagnostics of the output tree (MG6xx): one function each, so that their words stand side by side."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from meshgen.diagnostics import Note, Span, diagnose

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic

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
    return diagnose(
        code="MG601",
        message=f"`{shown(path)}` was edited since meshgen wrote it and would be {fate}",
        span=place(output, path),
        help="Put the edit into the fleet, commit it so that Git keeps it, "
        f"or let it be {fate} with `--overwrite-edits`.",
        object=shown(path),
    )


def overruled(finding: Diagnostic, switch: str) -> Diagnostic:
    """The same as a hint: it says what `switch` overrules."""
    told = f": `{switch}` lets it happen"
    return replace(
        finding,
        severity="hint",
        message=f"{finding.message}{told}",
        help=f"Leave `{switch}` out to be kept from it.",
        cause=finding.cause and finding.cause._replace(message=f"{finding.cause.message}{told}"),
    )


def foreign(output: Path, path: str) -> Diagnostic:
    return diagnose(
        code="MG602",
        message=f"`{shown(path)}` is to be written, but a file that meshgen did not write stands there",
        span=place(output, path),
        help="Move it out of the way; meshgen never overwrites it.",
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
    return diagnose(
        code="MG603",
        message=f"`{shown(path)}` is not written by meshgen, and {effect}",
        span=place(output, path),
        help="Move it out of the output directory; meshgen never touches it.",
        object=shown(path),
    )


def link(output: Path, path: str) -> Diagnostic:
    return diagnose(
        code="MG604",
        message=f"`{shown(path)}` is a symbolic link where meshgen writes or deletes",
        span=place(output, path),
        help="Replace the link by what it points to, or remove it.",
        object=shown(path),
    )


def in_the_way(output: Path, path: str, *, needed: str) -> Diagnostic:
    name = shown(path) or shown(output.as_posix())
    return diagnose(
        code="MG605",
        message=f"`{name}` has to be a {needed}, but something else stands there",
        span=place(output, path),
        help="Move it out of the way.",
        object=name,
    )


def case_clash(output: Path, first: str, second: str) -> Diagnostic:
    return diagnose(
        code="MG606",
        message=f"`{shown(first)}` and `{shown(second)}` are one path where case does not count",
        span=place(output, first),
        help="Rename one of the two: macOS and Windows would keep only one.",
        notes=(Note(place(output, second), "the other path"),),
        object=shown(first),
    )


def interrupted(output: Path, journal: str) -> Diagnostic:
    return diagnose(
        code="MG608",
        message="an earlier build was stopped while it wrote the output tree, or still writes it",
        span=place(output, journal),
        help="Run `meshgen build`: it finishes the write.",
        object=journal,
    )


def locked(output: Path, lock: str, holder: str) -> Diagnostic:
    process = f" (process {holder})" if holder else ""
    return diagnose(
        code="MG609",
        message=f"another build{process} is writing this output tree",
        span=place(output, lock),
        help="Run the build again when the other has ended.",
        object=lock,
    )


def no_manifests(output: Path, top: str) -> Diagnostic:
    return diagnose(
        code="MG610",
        message=f"cluster `{shown(top)}` gets no manifest any more, so its directory is removed",
        span=place(output, top),
        help="Argo CD and Flux stop syncing it and keep its objects: delete those by hand, "
        "or give the cluster something to do.",
        object=shown(top),
    )


def would_prune_everything(output: Path, top: str, kept: str) -> Diagnostic:
    return diagnose(
        code="MG611",
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
    return diagnose(
        code="MG612",
        message=f"cannot read or write `{name}`: {reason}{state}",
        span=place(output, path),
        help=advice if undone else advice.replace("build again", "build again, which finishes the write"),
        object=name,
    )


def moved_on(output: Path, path: str) -> Diagnostic:
    return diagnose(
        code="MG613",
        message=f"`{shown(path)}` changed while the build ran",
        span=place(output, path),
        help="Run the build again; nothing was written.",
        object=shown(path),
    )


def git_is_silent(output: Path, directory: str, why: str) -> Diagnostic:
    name = shown(directory) or shown(output.as_posix())
    return diagnose(
        code="MG614",
        message=f"Git cannot be asked what it keeps of `{name}`: {shown(why)}",
        span=place(output, directory),
        help="Set Git right and build again; until then only files that builds on this machine wrote may be replaced.",
        object=name,
    )


def not_checked_out(output: Path, top: str, paths: list[str]) -> Diagnostic:
    count = f"{len(paths)} files of" if len(paths) > 1 else "a file of"
    return diagnose(
        code="MG615",
        message=f"{count} `{shown(top)}` would change, but the sparse checkout leaves them out: `{shown(paths[0])}`",
        span=place(output, paths[0]),
        help="Build where they are checked out (`git sparse-checkout add`).",
        object=shown(top),
    )


def shared(output: Path, path: str) -> Diagnostic:
    return diagnose(
        code="MG616",
        message=f"`{shown(path)}` is to be written into, but it has another name, or is no file",
        span=place(output, path),
        help="Remove it: a build makes it anew. What its other name holds stays.",
        object=shown(path),
    )
