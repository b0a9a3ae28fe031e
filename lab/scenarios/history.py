"""Revisions of a fleet, committed one after the other, and what `meshgen diff` says of the order of their syncs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lab.scenarios.drafts import Draft

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "lab"), ("EMAIL", "lab@example.com"))
}


@dataclass(frozen=True)
class Cut:
    """A state that `meshgen diff` names: a caller is sent where nobody takes it, and nobody else answers."""

    consumer: str
    places: dict[str, int]
    """Cluster → the revision that it runs; other clusters may run any."""

    def __str__(self) -> str:
        return ", ".join(f"{cluster} at {place}" for cluster, place in self.places.items())


@dataclass(frozen=True)
class Verdict:
    """What is said of a history: safe in any order, or the states in which calls are cut."""

    safe: bool
    cuts: tuple[Cut, ...]


class History:
    """A Git repository with a commit for each revision, and the output of each."""

    def __init__(self, directory: Path, drafts: Sequence[Draft]) -> None:
        """Build and commit the drafts, in an empty directory; withdrawals are meant, as not all of these are right."""
        self._directory = directory
        self._run("git", "init", "--quiet")
        self.trees: list[Path] = []
        self._commits: list[str] = []
        for number, draft in enumerate(drafts):
            draft.write(directory / "fleet")
            self._run(sys.executable, "-m", "meshgen", "build", "--quiet", "--allow-withdrawal")
            self._run("git", "add", "--all")
            self._run("git", "commit", "--quiet", "--allow-empty", "--message", f"Revision {number}")
            self._commits.append(self._run("git", "rev-parse", "HEAD").strip())
            self.trees.append(directory.parent / f"{directory.name}-{number}")
            shutil.copytree(directory / "output", self.trees[-1])

    def verdict(self) -> Verdict:
        """What is said where any cluster may still run the first revision."""
        first, last = self._commits[0], self._commits[-1]
        asked = ("meshgen", "diff", "--from", first, "--since", first, "--to", last, "--as", "json")
        order = json.loads(self._run(sys.executable, "-m", *asked))["order"]
        return Verdict(order["safe"], tuple(self._cut(item) for item in order["hazards"] if item["cut"]))

    def _cut(self, item: dict[str, Any]) -> Cut:
        runs = {item["source"]: item["sourceRuns"], item["consumer"]: item["consumerRuns"]}
        runs |= {other["cluster"]: other["runs"] for other in item["others"]}
        return Cut(item["consumer"], {cluster: self._place(revision) for cluster, revision in sorted(runs.items())})

    def _place(self, revision: str) -> int:
        return next(place for place, commit in enumerate(self._commits) if commit.startswith(revision))

    def _run(self, *command: str) -> str:
        environment = os.environ | _IDENTITY
        done = subprocess.run(
            command, cwd=self._directory, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout
