"""The one thing that is written with Git: a commit of a directory, pushed to a branch."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from meshgen import programs
from meshgen.git.process import SECONDS, Cause, GitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# No hook runs, and none is asked to sign by whoever is at no terminal.
_SAFE = ("--no-pager", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


class Writing:
    """A directory of a work tree that a pipeline commits. Every method may raise `GitError`.

    `variables`: what git is run with beside the environment, such as rights to push.
    """

    def __init__(self, directory: Path, variables: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = {**os.environ, **variables, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}

    def commit(self, message: str, author: tuple[str, str]) -> str | None:
        """Commits all that differs below the directory, and nothing else; the id, None where nothing differs."""
        self._run("add", "--all", "--", ".")
        if self._run("diff", "--cached", "--quiet", "--", ".", codes=(0, 1)).returncode == 0:
            return None
        name, address = author
        identity = ("-c", f"user.name={name}", "-c", f"user.email={address}")
        self._run(*identity, "commit", "--quiet", "--no-verify", "--message", message, "--", ".")
        return self.head()

    def head(self) -> str:
        """The commit that is checked out."""
        return self._run("rev-parse", "--verify", "HEAD").stdout.strip()

    def push(self, branch: str) -> None:
        """Pushes what is checked out to a branch of `origin`, which must not have moved on."""
        self._run("push", "--quiet", "--no-verify", "origin", f"HEAD:refs/heads/{branch}")

    def _run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        found = programs.find("git", (self._directory,))
        if found.program is None:
            raise GitError(Cause.NO_GIT, f"`{found.passed}` came with what is built" if found.passed else "")
        try:
            ended = subprocess.run(
                [str(found.program), *_SAFE, *arguments],
                cwd=self._directory,
                env=self._environment,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise GitError(Cause.FAILED, f"no answer within {SECONDS:.0f} s") from None
        except OSError as error:
            raise GitError(Cause.FAILED, str(error)) from error
        if ended.returncode not in codes:
            said = [line for line in ended.stderr.splitlines() if line.strip()]
            raise GitError(Cause.FAILED, said[0].strip() if said else f"exit code {ended.returncode}")
        return ended
