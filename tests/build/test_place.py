"""Whether the engine finds the output where it is built, in real repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fleets import LACKS
from tests.git.support import git, init

if TYPE_CHECKING:
    from tests.build.project import Project

URL = "https://git.example.com/company/platform.git"


def told(project: Project, path: str) -> list[str]:
    """What a build says of the place of its output."""
    delivery = f"delivery: {{engine: argocd, repoURL: {URL!r}, path: {path}}}"
    project.write(LACKS.replace("  platform: istio\n", f"  platform: istio\n  {delivery}\n"))
    outcome = project.build()
    assert outcome.code == 0
    return outcome.messages("MG710")


@pytest.mark.parametrize(
    "remote",
    [URL, "https://token@git.example.com:8443/company/platform", "git@git.example.com:company/platform.git",
     "ssh://git@Git.example.com:22/company/platform.git/"],
)  # fmt: skip
def test_MG710_fires_where_the_repository_is_the_engines_and_the_path_another(project: Project, remote: str) -> None:
    git(init(project.root), "remote", "add", "origin", remote)
    assert told(project, "mesh/output") == [
        "the output is built at `output` of the repository, and the engine reads `mesh/output`, where nothing is"
    ]


def test_MG710_silent_where_the_engine_finds_it(project: Project) -> None:
    git(init(project.root), "remote", "add", "origin", URL)
    assert told(project, "output") == []


def test_MG710_silent_where_an_output_is_at_the_path(project: Project) -> None:
    git(init(project.root), "remote", "add", "origin", URL)
    (project.root / "mesh/output/_delivery").mkdir(parents=True)
    assert told(project, "mesh/output") == []


@pytest.mark.parametrize("remote", ["https://git.example.com/company/other.git", "https://example.com/platform.git"])
def test_MG710_silent_in_another_repository(project: Project, remote: str) -> None:
    git(init(project.root), "remote", "add", "origin", remote)
    assert told(project, "mesh/output") == []


def test_MG710_silent_outside_of_repositories(project: Project) -> None:
    assert told(project, "mesh/output") == []
