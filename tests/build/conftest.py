"""Projects of the tests of builds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.project import Project, Remembered
from tests.build.teams import API, PLATFORM, WEB, Teams
from tests.git.support import init

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package", autouse=True)
def _quick_disk() -> Iterator[None]:
    """What survives a crash is shown in `tests/tree`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path, capsys)


@pytest.fixture(params=["commits", "local state"])
def remembered(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """What was built before is known from the commits, or without Git from the local state."""
    in_git = request.param == "commits"
    if in_git:
        init(tmp_path)
    return Remembered(tmp_path, capsys, in_git)


@pytest.fixture
def teams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Teams:
    """Both teams' services are exposed, built and committed."""
    project = Teams(init(tmp_path / "work"), capsys)
    project.write(PLATFORM)
    project.say("api", API)
    project.step("web", WEB)
    return project
