"""Real repositories, whatever the machine's Git is set to."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ALONE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_EDITOR": "true",
    # No hooks to copy, and no process after each commit that looks whether to repack.
    "GIT_TEMPLATE_DIR": "",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "maintenance.auto",
    "GIT_CONFIG_VALUE_0": "false",
}


def git(directory: Path, *arguments: str, codes: tuple[int, ...] = (0,), **variables: str) -> str:
    """What git prints; the exit code must be one of `codes`."""
    ended = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=os.environ | _ALONE | variables,
        capture_output=True,
        check=False,
        text=True,
    )
    assert ended.returncode in codes, ended.stderr
    return ended.stdout.strip()


def init(directory: Path, *arguments: str) -> Path:
    """A new repository on branch `main`."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "--quiet", "--initial-branch=main", *arguments)
    return directory


def put(directory: Path, path: str, content: str | bytes) -> Path:
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def commit(directory: Path, message: str = "change", **files: str) -> str:
    """Commit all that is there, `files` written before, `__` for `/`; the id of the commit."""
    for name, content in files.items():
        put(directory, name.replace("__", "/"), content)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(directory, "rev-parse", "HEAD")
