"""Where the commit that says what is in use is not here, or cannot be read, and what counts without Git."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.build.project import Project
from tests.build.teams import CUT, DRAINED, PLATFORM, UNKNOWN, WEB, Teams, team
from tests.fleets import fleet
from tests.git.support import commit, init, put

if TYPE_CHECKING:
    from pathlib import Path


def test_MG653_fires_in_CI_when_the_target_branch_was_not_fetched(
    teams: Teams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    outcome = teams.build("--check")
    assert (outcome.code, outcome.messages("MG653")) == (
        1,
        [f"the clone has no `origin/main`, into which this is to be merged: {UNKNOWN} there"],
    )
    assert teams.build("--check", "--against", "main").code == 0


@pytest.mark.parametrize("lacking", ["git", "ownership"])
def test_MG653_fires_in_a_clone_about_which_git_cannot_be_asked(
    teams: Teams, tmp_path: Path, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = teams.clone(tmp_path / "clone")
    if lacking == "git":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    outcome = there.build("--check")
    assert (outcome.code, len(outcome.messages("MG653"))) == (1, 1)
    assert there.build("--check", "--allow-withdrawal").code == 0


def test_MG653_silent_about_what_git_cannot_say_before_the_first_build(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(PLATFORM)
    (project.root / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert project.build().code == 0


def test_MG653_silent_about_what_git_cannot_say_where_a_build_here_remembers(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(PLATFORM)
    project.build()
    (project.root / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert project.build("--check").code == 0


def test_MG653_fires_when_a_shallow_clone_hides_the_commit(teams: Teams, tmp_path: Path) -> None:
    teams.say("web", "")
    commit(teams.root, "withdraw web; not built")
    there = teams.clone(tmp_path / "clone", "--depth=1")
    outcome = there.build("--check")
    assert outcome.messages("MG653") == [
        f"the clone is shallow, and the commit that changed `{there.output}` last is not in it: {UNKNOWN}"
    ]
    there.git("fetch", "--quiet", "--unshallow")
    outcome = there.build("--check")
    assert (outcome.messages("MG653"), len(outcome.messages("MG650"))) == ([], 1)


def test_MG653_silent_when_the_output_of_a_shallow_clone_is_what_its_fleet_says(teams: Teams, tmp_path: Path) -> None:
    there = teams.clone(tmp_path / "clone", "--depth=1")
    assert there.build("--check").code == 0
    assert there.build("--check", "--cluster", "c2").code == 0
    there.say("web", "")
    outcome = there.build("--check")
    assert (outcome.messages("MG653"), len(outcome.messages("MG650"))) == ([], 1)


def test_MG653_fires_when_a_partial_clone_lacks_the_fleet_of_the_commit(teams: Teams, tmp_path: Path) -> None:
    teams.git("config", "uploadpack.allowFilter", "true")
    built = teams.git("rev-parse", "HEAD")
    teams.say("web", "")
    commit(teams.root, "withdraw web; not built")
    there = teams.clone(tmp_path / "clone", "--filter=blob:none")
    outcome = there.build("--check")
    assert outcome.messages("MG653") == [f"the clone is partial, and lacks files of commit {built[:12]}: {UNKNOWN}"]
    there.git("archive", "--output", str(tmp_path / "fetched.tar"), built, "fleet")
    assert len(there.guard()) == 1


def test_MG654_fires_when_the_fleet_of_the_commit_cannot_be_read(teams: Teams) -> None:
    teams.say("web", DRAINED)
    teams.build()
    put(teams.fleet, "broken.yaml", "kind: [")
    broken = commit(teams.root, "built, then broken")
    (teams.fleet / "broken.yaml").unlink()
    assert teams.build("--check").messages("MG654") == [
        f"commit {broken[:12]} changed the output, but its `{teams.fleet}` cannot be read: {UNKNOWN}"
    ]


def test_MG650_fires_when_files_of_the_fleet_are_links_within_the_repository(teams: Teams) -> None:
    (teams.fleet / "web.yaml").rename(put(teams.root, "teams/web.yaml", ""))
    (teams.fleet / "web.yaml").symlink_to("../teams/web.yaml")
    put(teams.output, "notes.txt", "of this commit")
    built = commit(teams.root, "linked")
    put(teams.root, "teams/web.yaml", team("web", ""))
    assert teams.guard() == [CUT + built[:12]]


def test_MG654_fires_when_a_file_of_the_fleet_is_a_link_that_leads_out_of_the_repository(
    teams: Teams, tmp_path: Path
) -> None:
    (teams.fleet / "web.yaml").rename(tmp_path / "web.yaml")
    (teams.fleet / "web.yaml").symlink_to(tmp_path / "web.yaml")
    put(teams.output, "notes.txt", "of this commit")
    built = commit(teams.root, "linked")
    (teams.fleet / "web.yaml").unlink()
    put(teams.fleet, "web.yaml", team("web", DRAINED))
    assert teams.build("--check").messages("MG654") == [
        f"commit {built[:12]} changed the output, but its `{teams.fleet}` has links that lead out of it: {UNKNOWN}"
    ]


def test_MG654_silent_when_a_later_commit_has_the_output_of_its_fleet(teams: Teams) -> None:
    teams.say("web", DRAINED)
    teams.build()
    put(teams.fleet, "broken.yaml", "kind: [")
    commit(teams.root, "built, then broken")
    (teams.fleet / "broken.yaml").unlink()
    commit(teams.root, "repaired")
    outcome = teams.build("--check")
    assert (outcome.code, outcome.messages("MG654")) == (0, [])


def test_a_fleet_that_moved_counts_once_it_is_committed(teams: Teams) -> None:
    teams.git("mv", "fleet", "mesh")
    moved = replace(teams, root=teams.root)
    arguments = ("build", str(teams.root / "mesh"), "-o", str(teams.output), "--check", "--kubeconform", "off")
    outcome = moved.run(*arguments, "--format", "concise")
    assert [text.partition(", but ")[2] for text in outcome.messages("MG654")] == [
        f"it has no `{teams.root / 'mesh'}`: {UNKNOWN}"
    ]
    assert "Commit a fleet that moved before you build it" in moved.run(*arguments).said
    commit(teams.root, "moved")
    assert moved.run(*arguments).code == 0


def test_MG654_silent_when_no_build_wrote_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    put(project.output, "README.md", "Manifests come here.")
    put(project.output, "c1/web/service.yaml", "kind: Service\n")
    commit(project.root, "a place for manifests")
    project.write(PLATFORM)
    project.say("web", WEB)
    outcome = project.build("--check")
    assert (outcome.messages("MG653"), outcome.messages("MG654")) == ([], [])


@pytest.mark.parametrize("revision", ["no-such-branch", "--help", ""])
def test_MG655_fires_when_there_is_no_such_commit(teams: Teams, revision: str) -> None:
    outcome = teams.build("--check", f"--against={revision}")
    assert (outcome.code, outcome.messages("MG655")) == (
        1,
        [f"`--against {revision}`: there is no such commit here"],
    )


def test_MG655_silent_when_there_is(teams: Teams) -> None:
    assert teams.build("--check", "--against", "main", "--against", "HEAD").code == 0


def test_MG655_fires_when_there_is_no_repository(project: Project) -> None:
    project.write(PLATFORM)
    assert project.build("--against", "main").messages("MG655") == ["`--against main`: it is in no Git repository"]


def test_against_may_name_several_commits(teams: Teams) -> None:
    first = teams.git("rev-parse", "HEAD")
    second = teams.step("web", DRAINED)
    teams.say("web", "")
    assert teams.guard("--against", second) == []
    assert len(teams.guard("--against", second, "--against", first)) == 1


def test_a_fleet_in_one_file_is_found_in_its_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(init(tmp_path / "work"), capsys)
    arguments = ("build", str(project.root / "fleet" / "mesh.txt"), "-o", str(project.output), "--kubeconform", "off")
    put(project.fleet, "mesh.txt", fleet(PLATFORM, team("web", WEB)))
    assert project.run(*arguments).code == 0
    commit(project.root)
    put(project.fleet, "mesh.txt", fleet(PLATFORM, team("web", "")))
    assert len(project.run(*arguments, "--format", "concise").messages("MG650")) == 1


@pytest.mark.parametrize("ignored", ["output", "fleet"])
def test_MG650_fires_by_the_local_state_where_git_does_not_track_fleet_or_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ignored: str
) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    put(project.root, ".gitignore", f"/{ignored}/\n")
    project.write(PLATFORM)
    for exposed in (WEB, DRAINED, WEB):
        project.step("web", exposed)
    project.say("web", "")
    assert [message.rpartition(", as of ")[2] for message in project.guard()] == ["the last build"]


def test_MG650_fires_by_the_local_state_where_fleet_and_output_are_in_two_repositories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    init(project.output)
    project.write(PLATFORM)
    project.say("web", WEB)
    assert project.build().code == 0
    commit(project.output)
    exposed = commit(project.root)
    project.say("web", "")
    assert [message.rpartition(", as of ")[2] for message in project.guard()] == ["the last build"]
    assert project.guard("--against", "HEAD") == [f"{CUT}{exposed[:12]}"]
