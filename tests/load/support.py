"""Fleets in text, read and typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics.several import ordered
from meshgen.language.typed import typed_fleet
from meshgen.load import load

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.diagnostics import Diagnostic
    from meshgen.language.fleet import Fleet

FLEET = "apiVersion: meshgen.io/v1\nkind: Fleet\nmetadata: {name: demo}\nspec:\n  platform: istio\n"


def document(kind: str, name: str, spec: str = "{}") -> str:
    """A document of the fleet, after a separator."""
    return f"---\napiVersion: meshgen.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def typed(tmp_path: Path, text: str | bytes) -> tuple[Fleet | None, list[Diagnostic]]:
    """The fleet of one file and all its findings, in order."""
    file = tmp_path / "fleet.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    loaded, diagnostics = load(file)
    fleet, found = typed_fleet(loaded)
    return fleet, ordered(diagnostics + found)


def codes(diagnostics: list[Diagnostic]) -> list[str]:
    return [diagnostic.code for diagnostic in diagnostics]
