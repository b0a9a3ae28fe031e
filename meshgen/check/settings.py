"""The `failover` settings of a fleet, each once, wherever they were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.failover import effective
from meshgen.check.origins import failover_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.workspace import ExposedService, Workspace


@dataclass(frozen=True, slots=True)
class Settings:
    """The failover of a workspace, or of one of its exposed services, as it holds after inheritance."""

    workspace: Workspace
    setting: ExposedService | None
    failover: EffectiveFailover

    @property
    def object(self) -> str:
        return self.setting.host if self.setting is not None else f"workspace/{self.workspace.name}"

    @property
    def title(self) -> str:
        return f"`{self.setting.host}`" if self.setting is not None else f"workspace `{self.workspace.name}`"

    def place(self, *path: str) -> Span | None:
        """Where a field below `failover` was written."""
        return failover_at(self.workspace, self.setting, *path)


def failover_settings(relations: Relations) -> Iterator[Settings]:
    """Those of every workspace, then those of its services that have their own."""
    for workspace in relations.fleet.workspaces:
        for setting in (None, *(item for item in workspace.exposed_services or [] if item.failover is not None)):
            yield Settings(workspace, setting, effective(workspace, setting))
