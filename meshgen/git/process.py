"""Runs the git program so that it runs nothing else, asks nobody, writes nothing and ends."""

from __future__ import annotations

import os
import re
import subprocess
from enum import StrEnum
from typing import TYPE_CHECKING

from meshgen import programs

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 120.0
"""How long one question may take."""

# A bare repository may be committed as plain files, its configuration naming a program for `core.fsmonitor`.
_SAFE = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "safe.bareRepository=explicit",
)
# Hooks run with these set for the commit that is being made, maybe of another repository (githooks(5)).
_OF_HOOKS = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_ATTR_SOURCE",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_GLOB_PATHSPECS",
        "GIT_GRAFT_FILE",
        "GIT_ICASE_PATHSPECS",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
    }
)
# A partial clone fetches what it lacks: no protocol is allowed, so it is missing instead.
_QUIET = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_OWNERSHIP = ("fatal: detected dubious ownership", "fatal: unsafe repository")
_BARE = ("fatal: this operation must be run in a work tree", "fatal: cannot use bare repository")
_LACKING = re.compile(r"fatal: could not fetch ([0-9a-f]+) from promisor remote")
"""What Git before 2.44 says, which does not know GIT_NO_LAZY_FETCH."""
_NO_REPOSITORY = "fatal: not a git repository (or any"


class Cause(StrEnum):
    """Why Git cannot be asked about a directory."""

    NO_GIT = "there is no git program"
    NO_REPOSITORY = "it is in no Git repository"
    OWNERSHIP = "its Git repository is owned by somebody else"
    BARE = "the Git repository around it is bare"
    MISSING = "the Git repository lacks an object"
    FAILED = "git failed"


class GitError(Exception):
    """Git gave no answer; the text says why, in Git's own words where it has any."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause


def run(directory: str, arguments: Sequence[str], *, text: bytes = b"", codes: Sequence[int] = (0,)) -> bytes:
    """What git prints for `arguments`, run in `directory` with `text` as its input.

    Raises `GitError` for any exit code but `codes`.
    """
    found = programs.find("git", (directory,))
    if found.program is None:
        raise GitError(Cause.NO_GIT, f"`{found.passed}` came with what is built" if found.passed else "")
    environment = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS} | _QUIET
    command = [str(found.program), *_SAFE, *arguments]
    try:
        ended = subprocess.run(
            command, cwd=directory, env=environment, input=text, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise GitError(Cause.FAILED, f"no answer within {SECONDS:.0f} s") from None
    except (OSError, ValueError) as error:
        raise GitError(Cause.FAILED, str(error)) from error
    if ended.returncode not in codes:
        raise _error(ended.stderr.decode("utf-8", "replace"), ended.returncode)
    return ended.stdout


def _error(said: str, code: int) -> GitError:
    lines = [line for line in said.splitlines() if line.strip()]
    fatal = next((line for line in lines if line.startswith("fatal:")), lines[0] if lines else f"exit code {code}")
    if fatal.startswith(_OWNERSHIP):
        return GitError(Cause.OWNERSHIP, fatal)
    if fatal.startswith(_NO_REPOSITORY):
        return GitError(Cause.NO_REPOSITORY)
    if fatal.startswith(_BARE):
        return GitError(Cause.BARE)
    if lacking := _LACKING.match(fatal):
        return GitError(Cause.MISSING, lacking[1])
    return GitError(Cause.FAILED, fatal)
