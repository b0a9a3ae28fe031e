"""What a pipeline asks of a forge, and what all of them share."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 30
"""How long an answer of a forge may take."""
LARGEST_ANSWER = 16 * 1024 * 1024
MOST_PAGES = 10
"""Pages of a hundred comments in which the one to replace is looked for."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pull request, or a merge request: what is to be merged where."""

    number: str
    branch: str
    """The branch that it comes from."""
    commit: str
    """The last commit of that branch."""
    foreign: bool
    """Whether the branch is of another repository: whoever wrote it may not push to this one."""


class ForgeError(Exception):
    """The forge did not do what it was asked for; the text says why."""


class Forge(Protocol):
    """One forge, with the environment of the pipeline that runs in it."""

    variable: ClassVar[str]
    """Variable that is `true` in its pipelines."""

    def __init__(self, environment: Mapping[str, str]) -> None: ...

    def danger(self) -> str | None:
        """Why nothing of this pipeline may run: strangers' files together with rights. None: it may."""
        ...

    def change(self) -> Change | None:
        """The change that the pipeline runs for; None where it runs for a branch, a tag, a schedule."""
        ...

    def branch(self) -> str | None:
        """The branch that is checked out, of this repository; None where there is none, as for a tag."""
        ...

    def comment(self, change: Change, mark: str, text: str) -> None:
        """Writes `text` beside the change, in place of the comment that begins with `mark`. Raises `ForgeError`."""
        ...

    def summarise(self, text: str) -> None:
        """Shows `text` on the page of the job, where the forge has such a place. Raises `OSError`."""
        ...

    def tell(self, **outputs: str) -> None:
        """Hands values to later steps, where the forge has a place for them. Raises `OSError`."""
        ...

    def author(self) -> tuple[str, str]:
        """Name and address of whoever commits."""
        ...

    def pushing(self) -> dict[str, str]:
        """Variables with which git may push to the repository; empty where it has rights of its own."""
        ...


def basic_authorization(environment: Mapping[str, str], server: str, user: str, token: str) -> dict[str, str]:
    """Variables by which git shows a token to `server` and to nobody else; nothing is written to disk for it.

    `environment`: what git runs with besides, whose own configuration stays.
    """
    count = environment.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdecimal() else 0
    header = base64.b64encode(f"{user}:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"http.{server.rstrip('/')}/.extraheader",
        f"GIT_CONFIG_VALUE_{number}": f"AUTHORIZATION: basic {header}",
    }


class Api:
    """JSON over HTTP. The token goes to one server: no redirect is followed."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
            raise ForgeError(f"`{url}` is no address of an API")
        self._url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "User-Agent": "meshgen", **headers}
        self._opener = urllib.request.build_opener(_NoRedirect)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request. Raises `ForgeError`."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - http and https only, see above
            f"{self._url}{path}", data=data, headers=dict(self._headers), method=method
        )
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                raise ForgeError(f"{method} {path}: {error.code} {error.reason}") from None
        except (OSError, ValueError) as error:
            raise ForgeError(f"{method} {path}: {error}") from None

    def replace(self, comments: str, comment: str, mark: str, text: str, update: str, ours: str = "") -> None:
        """Writes a comment to the list at `comments`, or replaces ours there by `update` to `comment` and its id.

        Ours begins with `mark`, and `ours` names the kind of its author, where the forge tells it.
        """
        for page in range(1, MOST_PAGES + 1):
            listed = self.ask("GET", f"{comments}?per_page=100&page={page}")
            for each in listed if isinstance(listed, list) else ():
                if str(each.get("body", "")).startswith(mark) and (not ours or each["user"]["type"] == ours):
                    self.ask(update, f"{comment}/{int(each['id'])}", {"body": text})
                    return
            if not listed:
                break
        self.ask("POST", comments, {"body": text})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None
