"""A workspace lists an exposed service once (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.workspace import ExposedService


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts that stand twice in one list: the settings of the second would be lost."""
    for workspace in relations.fleet.workspaces:
        seen: dict[str, ExposedService] = {}
        for setting in workspace.exposed_services or ():
            first = seen.setdefault(setting.host, setting)
            if first is not setting:
                yield Diagnostic(
                    code="MG219",
                    severity="error",
                    message=f"workspace `{workspace.name}` exposes `{setting.host}` twice",
                    span=setting.span("host"),
                    help="Keep one of the two.",
                    notes=notes((first.span("host"), "the first one is here")),
                    object=setting.host,
                )
