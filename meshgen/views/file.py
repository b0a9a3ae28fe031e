"""Which input made an output file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meshgen.calls import Calls
    from meshgen.emit.artifact import Artifact


def find(manifests: Sequence[Artifact], path: str) -> Artifact | None:
    """The object whose file `path` names: below the output directory, or with directories before it."""
    wanted = path.replace("\\", "/")
    matching = [m for m in manifests if wanted == m.path or wanted.endswith(f"/{m.path}")]
    return max(matching, key=lambda manifest: len(manifest.path), default=None)


def mesh_config_of(files: Iterable[str], path: str) -> str | None:
    """The cluster whose retry policy for the mesh config `path` holds, None where it is another file."""
    wanted = path.replace("\\", "/")
    found = (file for file in files if file.startswith("_setup/") and (wanted == file or wanted.endswith(f"/{file}")))
    return next((file.split("/")[1] for file in found), None)


def mesh_config(calls: Calls, cluster: str) -> str:
    """The text about the retry policy of one cluster: what it is for, and the hosts that ask for it."""
    asking = [call.host for call in calls.of(cluster).values() if call.retries == "mesh"]
    lines = [f"retry policy for the mesh config of cluster {cluster}; not synced, for people to put there", ""]
    return "\n".join([*lines, *(f"asked for by {host}" for host in asking)]) + "\n"


def file(manifest: Artifact, sources: Mapping[str, str]) -> str:
    """The text about one object: what it is, and the lines of the fleet and the inventories behind it."""
    place = f"namespace {manifest.namespace}" if manifest.namespace else "no namespace"
    lines = [
        f"{manifest.kind} {manifest.name}, {place}, cluster {manifest.cluster}",
        f"stage: {manifest.stage.name.lower().replace('_', ' ')}" if manifest.stage is not None else "not synced",
        f"source: {manifest.origin.name}",
        "",
    ]
    for span in manifest.origin.spans:
        text = sources.get(span.file, "").splitlines()
        written = text[span.line - 1].strip() if 0 < span.line <= len(text) else ""
        lines.append(f"{span}  {written}")
    return "\n".join(lines).rstrip() + "\n"
