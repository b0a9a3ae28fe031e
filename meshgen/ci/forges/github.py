"""GitHub Actions.

https://docs.github.com/actions/reference/workflows-and-actions/variables
https://docs.github.com/rest/issues/comments
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from meshgen.ci.forge import Api, Change, ForgeError, basic_authorization

if TYPE_CHECKING:
    from collections.abc import Mapping

_DANGEROUS = ("pull_request_target", "workflow_run")
"""Events whose token may write and whose secrets are there, whoever wrote the change.

https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/
"""


class GitHub:
    variable: ClassVar[str] = "GITHUB_ACTIONS"

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def danger(self) -> str | None:
        event = self._environment.get("GITHUB_EVENT_NAME")
        return f"it runs on `{event}`" if event in _DANGEROUS else None

    def change(self) -> Change | None:
        pull = self._event().get("pull_request")
        if not isinstance(pull, dict) or self._environment.get("GITHUB_EVENT_NAME") != "pull_request":
            return None
        head, base = pull["head"], pull["base"]
        # The repository of a fork may be gone by now; then it is null.
        source, target = ((side.get("repo") or {}).get("full_name") for side in (head, base))
        return Change(str(int(pull["number"])), head["ref"], head["sha"], foreign=source != target)

    def branch(self) -> str | None:
        change = self.change()
        if change is not None:
            return change.branch
        return (
            self._environment.get("GITHUB_REF_NAME") if self._environment.get("GITHUB_REF_TYPE") == "branch" else None
        )

    def comment(self, change: Change, mark: str, text: str) -> None:
        token = self._environment.get("GITHUB_TOKEN")
        if not token:
            raise ForgeError("there is no token in `GITHUB_TOKEN`")
        api = Api(
            self._environment.get("GITHUB_API_URL", "https://api.github.com"),
            {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        )
        issues = f"/repos/{self._environment.get('GITHUB_REPOSITORY', '')}/issues"
        api.replace(f"{issues}/{change.number}/comments", f"{issues}/comments", mark, text, "PATCH", "Bot")

    def summarise(self, text: str) -> None:
        self._append("GITHUB_STEP_SUMMARY", f"{text}\n")

    def tell(self, **outputs: str) -> None:
        # A delimiter that nobody can know keeps a value from setting another output.
        end = secrets.token_hex(16)
        self._append("GITHUB_OUTPUT", "".join(f"{name}<<{end}\n{value}\n{end}\n" for name, value in outputs.items()))

    def author(self) -> tuple[str, str]:
        return "github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com"

    def pushing(self) -> dict[str, str]:
        token = self._environment.get("GITHUB_TOKEN")
        server = self._environment.get("GITHUB_SERVER_URL", "https://github.com")
        return basic_authorization(self._environment, server, "x-access-token", token) if token else {}

    def _append(self, variable: str, text: str) -> None:
        file = self._environment.get(variable)
        if file:
            with Path(file).open("a", encoding="utf-8") as stream:
                stream.write(text)

    def _event(self) -> dict[str, Any]:
        try:
            event = json.loads(Path(self._environment["GITHUB_EVENT_PATH"]).read_bytes())
        except (KeyError, OSError, ValueError):
            return {}
        return event if isinstance(event, dict) else {}
