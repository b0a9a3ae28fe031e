"""The manifests that an import reads: files, directories, standard input."""

from __future__ import annotations

import codecs
import errno
import os
import sys
import zlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.beneath import bounded
from meshgen.diagnostics import Diagnostic, Span, diagnose
from meshgen.inventory.unrendered import Unrendered, is_kustomization, is_manifest, template_line
from meshgen.load.inputs import files, led_out, read_below, read_named, real
from meshgen.load.json_text import read_json
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.load.nodes import Node

STANDARD_INPUT = "-"
LARGEST_INPUT = 256 << 20
"""What one input may have: a device would never end."""
_SHOWN_STANDARD_INPUT = "<stdin>"
_SUFFIXES = tuple(f"{suffix}{packed}" for suffix in (".json", ".yaml", ".yml") for packed in ("", ".gz"))
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Manifests:
    """Documents, and the texts of the files by the path that diagnostics show."""

    documents: list[Node] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Files of directories that hold no Kubernetes object at all, but settings of some tool."""


def read_manifests(paths: Iterable[str]) -> tuple[Manifests, list[Diagnostic]]:
    """Reads `paths`; of directories all `.yaml`, `.yml` and `.json` below them, hidden ones left out. gzip is unpacked.

    Links in a directory are followed within it, and to such files of its repository.

    What cannot be read is reported: MG050, what is not rendered (MG059, MG060), and what the YAML parser finds.
    """
    manifests = Manifests()
    findings: list[Diagnostic] = []
    recipes = Unrendered()
    for path in dict.fromkeys(paths):
        of_directory = path != STANDARD_INPUT and not _one_file(Path(path))
        for shown, read in _inputs(path, findings, recipes):
            if shown in manifests.sources:
                continue
            if is_kustomization(shown):
                recipes.add("kustomization", shown)
                continue
            try:
                text = _decoded(_limited(_unpacked(_limited(read()))))
            except (OSError, ValueError, zlib.error) as error:
                findings.append(unreadable(shown, error))
                continue
            _read(text, shown, manifests, findings, recipes, of_directory=of_directory)
    return manifests, findings + recipes.findings()


def _read(
    text: str,
    shown: str,
    manifests: Manifests,
    findings: list[Diagnostic],
    recipes: Unrendered,
    *,
    of_directory: bool,
) -> None:
    if of_directory and text.strip() and not is_manifest(text):
        manifests.left_out.append(shown)
        return
    found = read_json(text, shown)
    if found is None:
        parsed = parse(text, shown, merge_keys=True, cut=True)
        found = [node for node, _ in parsed.documents], parsed.diagnostics
    documents, problems = found
    line = template_line(text, broken=bool(problems))
    if line:
        recipes.templates.append(Span(shown, line, 1, line, 1))
        return
    if of_directory and documents and not problems and not any(_has_type(document) for document in documents):
        manifests.left_out.append(shown)
        return
    manifests.sources[shown] = text
    manifests.documents += documents
    findings += problems


def _has_type(document: Node) -> bool:
    return not {"apiVersion", "kind"}.isdisjoint(document.entries or {})


def _decoded(content: bytes) -> str:
    # PowerShell writes UTF-16 where output is redirected, and kubectl reads it.
    return content.decode("utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def _unpacked(content: bytes) -> bytes:
    """`content`, unpacked where it is gzip, and not much more than the limit. Raises zlib.error, ValueError."""
    parts = []
    size = 0
    while content.startswith(_GZIP) and size <= LARGEST_INPUT:
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        parts.append(stream.decompress(content, LARGEST_INPUT - size + 1))
        size += len(parts[-1])
        if not stream.eof and size <= LARGEST_INPUT:
            raise ValueError("the end of the gzip is missing")
        content = stream.unused_data
    return b"".join(parts) if parts else content


def _one_file(named: Path) -> bool:
    return led_out(named) is not None or not os.path.isdir(named)  # noqa: PTH112 - `Path.is_dir` raises where it may not look


def _inputs(path: str, findings: list[Diagnostic], recipes: Unrendered) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Every input that `path` stands for by the path that people see, with what reads it."""
    named = Path(path)
    if path == STANDARD_INPUT:
        yield _SHOWN_STANDARD_INPUT, lambda: bounded(sys.stdin.buffer.read, LARGEST_INPUT)
    elif _one_file(named):
        yield _shown(named), partial(read_named, named, LARGEST_INPUT)
    elif not recipes.is_part_of_chart(named, _shown(named)):
        root = real(named)

        def failed(directory: str, error: OSError) -> None:
            findings.append(unreadable(_shown(named / directory), error))

        found = files(root, _is_manifest, failed, hidden=False)
        if not found:
            findings.append(
                diagnose(
                    "MG050",
                    f"`{_shown(named)}` has no `.yaml`, `.yml` or `.json` file",
                    help="Name a directory or file with manifests, or `-` for standard input.",
                )
            )
        for name in recipes.without(found, _shown(named)):
            yield _shown(named / name), partial(read_below, root, name, LARGEST_INPUT, _is_manifest)


def _limited(content: bytes) -> bytes:
    if len(content) > LARGEST_INPUT:
        raise OSError(errno.EFBIG, f"larger than {LARGEST_INPUT >> 20} MiB")
    return content


def _is_manifest(name: str) -> bool:
    return name.endswith(_SUFFIXES) or is_kustomization(name)


def _shown(path: Path) -> str:
    # File names need not be text: what is not is shown escaped, so that it can be printed everywhere.
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")


def unreadable(shown: str, error: Exception) -> Diagnostic:
    """MG050 for a file that is shown as `shown`."""
    if isinstance(error, UnicodeDecodeError):
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        return diagnose(
            "MG050",
            f"`{shown}` is not UTF-8",
            Span(shown, line, 1, line, 1),
            "Save the file as UTF-8.",
        )
    reason = getattr(error, "strerror", None) or str(error)
    return diagnose(
        "MG050",
        f"`{shown}` cannot be read: {reason[:1].lower()}{reason[1:]}",
        help="Name a directory or file with manifests, or `-` for standard input.",
    )
