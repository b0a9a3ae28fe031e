"""What tells a finding from others and stays when lines move: services use it to know old from new."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.diagnostics.model import Diagnostic


def with_fingerprints(diagnostics: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with a hash of file, code, object and message, unique by its place among equals."""
    seen: dict[str, int] = {}
    for found in diagnostics:
        parts = (found.span.file if found.span else "", found.code, found.object, found.message)
        key = "\0".join(parts)
        seen[key] = seen.get(key, 0) + 1
        yield found, hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]
