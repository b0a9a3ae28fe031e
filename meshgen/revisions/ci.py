"""Which branch a pipeline's change is meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = (
    "GITHUB_BASE_REF",  # GitHub, Gitea and Forgejo, for pull requests only
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",  # GitLab, for pipelines of merge requests only
)


def target_branch(environment: Mapping[str, str]) -> str | None:
    """The branch that the change under test goes to; None where nothing is to be merged, as outside of CI."""
    return next((name for variable in _VARIABLES if (name := environment.get(variable))), None)
