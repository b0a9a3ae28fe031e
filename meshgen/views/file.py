"""Which input made an output file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meshgen.emit.manifest import Manifest


def find(manifests: Sequence[Manifest], path: str) -> Manifest | None:
    """The object whose file `path` names: below the output directory, or with directories before it."""
    wanted = path.replace("\\", "/")
    matching = [m for m in manifests if wanted == m.path or wanted.endswith(f"/{m.path}")]
    return max(matching, key=lambda manifest: len(manifest.path), default=None)


def file(manifest: Manifest, sources: Mapping[str, str]) -> str:
    """The text about one object: what it is, and the lines of the fleet and the inventories behind it."""
    place = f"namespace {manifest.namespace}" if manifest.namespace else "no namespace"
    lines = [
        f"{manifest.kind} {manifest.name}, {place}, cluster {manifest.cluster}",
        f"stage: {manifest.stage.name.lower().replace('_', ' ')}",
        f"source: {manifest.origin.name}",
        "",
    ]
    for span in manifest.origin.spans:
        text = sources.get(span.file, "").splitlines()
        written = text[span.line - 1].strip() if 0 < span.line <= len(text) else ""
        lines.append(f"{span}  {written}")
    return "\n".join(lines).rstrip() + "\n"
