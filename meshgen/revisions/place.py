"""Where the output stands in its repository, and where the GitOps engine looks for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from meshgen.diagnostics import diagnose
from meshgen.git import GitError, in_work_tree, open_repository

if TYPE_CHECKING:
    from meshgen.diagnostics import Diagnostic
    from meshgen.git import Repository
    from meshgen.language.delivery import Delivery

_URL = re.compile(r"(?:[a-z+]+://)?(?:[^/@]*@)?(?P<host>[^/:]*)(?::[0-9]+(?=/)|:)?/*(?P<path>.*?)(?:\.git)?/*")
"""Of a URL and of the form of `scp`: what stays the same whichever way a repository is reached."""


def elsewhere(output: Path, delivery: Delivery | None) -> Diagnostic | None:
    """MG710 where the delivery's repository has the output, and nothing where the engine looks for it.

    None also where nobody knows: without git, outside of a work tree, in one that has no remote with that URL.
    """
    if delivery is None or not in_work_tree(output):
        return None
    try:
        repository = open_repository(output.resolve())
        known = {_repository(url) for url in repository.remotes()}
    except GitError:
        return None
    there = repository.prefix.rstrip("/") or "."
    if there == delivery.path or _repository(delivery.repo_url) not in known or _is_there(repository, delivery.path):
        return None
    return diagnose(
        "MG710",
        f"the output is built at `{there}` of the repository, and the engine reads `{delivery.path}`, where nothing is",
        delivery.span("path"),
        help=f"Write `path: {there}`, or build with `-o` where the engine reads.",
        object="delivery",
    )


def _is_there(repository: Repository, path: str) -> bool:
    return Path(repository.top, path, "_delivery").exists()


def _repository(url: str) -> tuple[str, str]:
    found = _URL.fullmatch(url)
    return ("", url) if found is None else (found["host"].lower(), found["path"])
