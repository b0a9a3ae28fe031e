"""From the plan to objects and the text of their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.emit.mesh_config import mesh_config
from meshgen.emit.yaml import document
from meshgen.platforms import platform

if TYPE_CHECKING:
    from meshgen.emit.manifest import Manifest
    from meshgen.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Emitted:
    """All objects, and all files of the output tree."""

    manifests: tuple[Manifest, ...]
    """Sorted by path."""
    files: dict[str, bytes]
    """Path below the output directory → content, sorted by path."""


def emit(plan: Plan) -> Emitted:
    """Write every object of the plan as its file; same plan, same bytes."""
    by_path = sorted(
        (manifest.path, index, manifest) for index, manifest in enumerate(platform(plan.platform).manifests(plan))
    )
    files = {path: document(manifest.body) for path, _, manifest in by_path}
    files |= dict(filter(None, map(mesh_config, plan.clusters)))
    return Emitted(tuple(manifest for _, _, manifest in by_path), dict(sorted(files.items())))
