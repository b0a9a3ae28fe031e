"""GitLab CI/CD.

https://docs.gitlab.com/ci/variables/predefined_variables/
https://docs.gitlab.com/api/notes/
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from meshgen.ci.forge import Api, Change, ForgeError, basic_authorization

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "MESHGEN_GITLAB_TOKEN"  # noqa: S105 - the name of a variable
"""Variable with a token of the project: the token of a job may not write notes."""
SUMMARY = "meshgen.md"
"""File with the review, for the job's artifacts: GitLab has no page of a job's own words."""
OUTPUTS = "meshgen.env"
"""File with values for later jobs (`artifacts: reports: dotenv`)."""


class GitLab:
    variable: ClassVar[str] = "GITLAB_CI"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def danger(self) -> str | None:
        # A pipeline of a fork runs in the fork, without variables of this project. In this project it runs only where
        # a member started it, who is told so (`Pipelines for merge requests`, "Run pipelines in the parent project").
        change = self.change()
        if change is not None and change.foreign and self._environment.get(TOKEN):
            return f"it runs a fork's change in this project, with `{TOKEN}`"
        return None

    def change(self) -> Change | None:
        number = self._environment.get("CI_MERGE_REQUEST_IID")
        if not number:
            return None
        source, target = map(
            self._environment.get, ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID")
        )
        # In a pipeline of merged results `CI_COMMIT_SHA` is the merge; only there the other variable has a value.
        commit = self._environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or self._environment.get("CI_COMMIT_SHA")
        branch = self._environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "")
        return Change(str(int(number)), branch, commit or "", foreign=source != target)

    def branch(self) -> str | None:
        change = self.change()
        return self._environment.get("CI_COMMIT_BRANCH") if change is None else change.branch

    def comment(self, change: Change, mark: str, text: str) -> None:
        token = self._environment.get(TOKEN)
        if not token:
            raise ForgeError(f"there is no token in `{TOKEN}`")
        api = Api(self._environment.get("CI_API_V4_URL", "https://gitlab.com/api/v4"), {"PRIVATE-TOKEN": token})
        project = int(self._environment.get("CI_MERGE_REQUEST_PROJECT_ID", "0"))
        notes = f"/projects/{project}/merge_requests/{change.number}/notes"
        api.replace(notes, notes, mark, text, "PUT")

    def summarise(self, text: str) -> None:
        Path(SUMMARY).write_text(f"{text}\n", encoding="utf-8")

    def tell(self, **outputs: str) -> None:
        lines = (f"MESHGEN_{name.upper()}={value}\n" for name, value in outputs.items())
        Path(OUTPUTS).write_text("".join(lines), encoding="utf-8")

    def author(self) -> tuple[str, str]:
        name, address = map(self._environment.get, ("GITLAB_USER_NAME", "GITLAB_USER_EMAIL"))
        return name or "meshgen", address or "meshgen@localhost"

    def pushing(self) -> dict[str, str]:
        token = self._environment.get(TOKEN)
        server = self._environment.get("CI_SERVER_URL", "https://gitlab.com")
        return basic_authorization(self._environment, server, "oauth2", token) if token else {}
