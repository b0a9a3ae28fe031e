"""The forges. One line here registers one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.ci.forges import github, gitlab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.ci.forge import Forge

FORGES: tuple[type[Forge], ...] = (github.GitHub, gitlab.GitLab)


def forge_of(environment: Mapping[str, str]) -> Forge | None:
    """The forge whose pipeline this process runs in; None outside of any. Raises nothing."""
    return next((forge(environment) for forge in FORGES if environment.get(forge.variable) == "true"), None)
