"""`meshgen ci` in pipelines of GitHub and GitLab: what it prints, comments, commits, and how it ends."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from meshgen.cli.group import cli
from tests.ci.support import FLEET, Asked, Repository, api, repository
from tests.git.support import commit, git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRIFT = "::error title=meshgen MG510,file=output/c1/web/"
TOKEN = "t0ken"  # noqa: S105 - of a forge that is none


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ci")
    repository(directory)
    return directory


@pytest.fixture
def change(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The branch `change`, whose output is old."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, symlinks=True)
    found = Repository(tmp_path / "clone", tmp_path / "remote.git", tmp_path / "temporary")
    git(found.home, "remote", "set-url", "origin", str(found.remote))
    monkeypatch.chdir(found.home)
    for variable in [name for name in os.environ if name.startswith(("GITHUB_", "GITLAB_", "CI_"))]:
        monkeypatch.delenv(variable)
    return found


@pytest.fixture
def forge() -> Iterator[Asked]:
    with api() as asked:
        yield asked


def run(variables: dict[str, str], *arguments: str) -> Result:
    command = ["ci", "--kubeconform", "off", *arguments]
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return CliRunner().invoke(cli, command, env={**variables, **quiet})


def test_a_stale_output_fails_the_check_with_an_annotation(change: Repository) -> None:
    result = run(change.pull_request(), "--no-comment")
    assert result.exit_code == 1
    assert DRIFT in result.output
    assert "Run `meshgen build` and commit the result." in result.output
    assert "drift<<" in change.read("outputs")
    assert change.read("summary.md").splitlines()[1:2] == [
        "**This change does not pass**; the findings of the job say why."
    ]
    assert "`api.web.svc.cluster.local`" in change.read("summary.md")


def test_once_the_output_is_built_and_committed_the_check_passes(change: Repository, forge: Asked) -> None:
    result = run(change.pull_request(), "--no-comment", "--mode", "commit")
    assert (result.exit_code, "MG510" in result.output) == (0, False), result.output
    assert change.pushed("change") == "github-actions[bot]: Build the output of the fleet"
    result = run(change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN})
    assert result.exit_code == 0, result.output
    assert "**" not in forge.comments[0]["body"].splitlines()[1]


def test_a_commit_holds_the_output_and_nothing_else(change: Repository) -> None:
    (change.home / "other").write_text("x")
    (change.home / "fleet/notes.txt").write_text("x")
    git(change.home, "add", "other")
    run(change.pull_request(), "--no-comment", "--mode", "commit")
    committed = git(change.remote, "log", "-1", "--format=", "--name-only", "change").splitlines()
    assert {path.partition("/")[0] for path in committed} == {"output"}


def test_no_hook_runs_for_a_commit(change: Repository) -> None:
    hook = change.home / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert run(change.pull_request(), "--no-comment", "--mode", "commit").exit_code == 0


def test_a_branch_is_built_where_it_was_pushed(change: Repository) -> None:
    variables = change.variables("push") | {"GITHUB_REF_NAME": "change"}
    assert run(variables, "--mode", "commit").exit_code == 0
    assert change.pushed("change").endswith("Build the output of the fleet")


def test_the_comment_is_written_once_and_then_replaced(change: Repository, forge: Asked) -> None:
    variables = change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN}
    run(variables)
    run(variables, "--mode", "commit")
    (comment,) = forge.comments
    assert comment["body"].startswith("<!-- meshgen ")
    assert "### meshgen: from `origin/main` to `the working tree`" in comment["body"]
    assert "does not pass" not in comment["body"]
    comments = "/repos/company/mesh/issues/7/comments"
    assert forge.requests == [
        ("GET", f"{comments}?per_page=100&page=1"),
        ("POST", comments),
        ("GET", f"{comments}?per_page=100&page=1"),
        ("PATCH", "/repos/company/mesh/issues/comments/0"),
    ]
    assert {headers["authorization"] for headers in forge.headers} == {f"Bearer {TOKEN}"}


def test_a_comment_of_somebody_else_is_left_alone(change: Repository, forge: Asked) -> None:
    variables = change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN}
    run(variables)
    forge.comments[0]["user"] = {"type": "User"}
    run(variables)
    assert len(forge.comments) == 2


def test_the_comment_says_where_a_fleet_cannot_be_read(change: Repository, forge: Asked) -> None:
    commit(change.home, **{"fleet/fleet.yaml": "kind: Fleet\n"})
    result = run(change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN})
    assert result.exit_code == 1
    assert "does not pass" in forge.comments[0]["body"]


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
def test_MG734_fires_where_strangers_files_meet_rights(event: str, change: Repository) -> None:
    change.pull_request()
    result = run(change.variables(event), "--mode", "commit")
    assert result.exit_code == 1
    assert f"MG734::nothing runs here: it runs on `{event}`" in result.output
    assert change.read("summary.md") == ""


def test_MG734_silent_on_pull_request(change: Repository) -> None:
    assert "MG734" not in run(change.pull_request(), "--no-comment").output


@pytest.mark.parametrize("status", [403, 302])
def test_MG735_fires_where_the_forge_refuses_and_the_rest_goes_on(
    status: int, change: Repository, forge: Asked
) -> None:
    forge.refuses = status
    run(change.pull_request(), "--no-comment", "--mode", "commit")
    result = run(change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN})
    assert result.exit_code == 0
    assert f"MG735::no comment was written: POST /repos/company/mesh/issues/7/comments: {status}" in result.output
    assert all("elsewhere" not in path for _, path in forge.requests)
    assert "`api.web.svc.cluster.local`" in change.read("summary.md")


def test_MG735_silent_where_the_comment_is_written(change: Repository, forge: Asked) -> None:
    assert "MG735" not in run(change.pull_request() | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN}).output


def test_MG736_fires_where_the_merge_is_checked_out(change: Repository) -> None:
    head = {"ref": "change", "sha": "0" * 40, "repo": {"full_name": "company/mesh"}}
    result = run(change.pull_request(head=head), "--no-comment", "--mode", "commit")
    assert result.exit_code == 1
    assert "is checked out, and not `000000000000`, the last commit of `change`" in result.output


def test_MG736_fires_where_somebody_pushed_meanwhile(change: Repository) -> None:
    other = git(change.home, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Other")
    git(change.home, "push", "--quiet", "origin", f"{other}:refs/heads/change")
    result = run(change.pull_request(), "--no-comment", "--mode", "commit")
    assert result.exit_code == 1
    assert "MG736::the output was built, but not committed to `change`: git failed: " in result.output


def test_MG736_fires_for_a_tag(change: Repository) -> None:
    result = run(change.variables("push") | {"GITHUB_REF_TYPE": "tag"}, "--mode", "commit")
    assert "MG736::no branch is built here" in result.output


def test_MG736_silent_where_it_is_committed(change: Repository) -> None:
    assert "MG736" not in run(change.pull_request(), "--no-comment", "--mode", "commit").output


def test_MG737_fires_for_a_fork_and_nothing_is_committed_or_commented(change: Repository, forge: Asked) -> None:
    before = change.pushed("change")
    head = {"ref": "change", "sha": git(change.home, "rev-parse", "HEAD"), "repo": None}
    variables = change.pull_request(head=head) | {"GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN}
    result = run(variables, "--mode", "commit")
    assert result.exit_code == 1
    assert "MG737" in result.output
    assert DRIFT in result.output
    assert (change.pushed("change"), forge.requests) == (before, [])
    assert "`api.web.svc.cluster.local`" in change.read("summary.md")


def test_MG737_silent_for_a_branch_of_the_repository(change: Repository) -> None:
    assert "MG737" not in run(change.pull_request(), "--no-comment", "--mode", "commit").output


def gitlab(change: Repository, **more: str) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "change",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_COMMIT_SHA": git(change.home, "rev-parse", "HEAD"),
        **more,
    }


def test_gitlab_gets_the_note_the_commit_and_the_artifacts(change: Repository, forge: Asked) -> None:
    variables = gitlab(change, CI_API_V4_URL=forge.url, MESHGEN_GITLAB_TOKEN=TOKEN, GITLAB_USER_NAME="Jo")
    result = run(variables, "--mode", "commit")
    assert result.exit_code == 0, result.output
    assert change.pushed("change") == "Jo: Build the output of the fleet"
    run(variables)
    notes = "/projects/3/merge_requests/7/notes"
    assert [request for request in forge.requests if request[0] != "GET"] == [("POST", notes), ("PUT", f"{notes}/0")]
    assert {headers["private-token"] for headers in forge.headers} == {TOKEN}
    assert (change.home / "meshgen.md").read_text() == f"{forge.comments[0]['body']}\n"
    assert "MESHGEN_DRIFT=" in (change.home / "meshgen.env").read_text()


def test_a_fork_s_change_meets_no_token_on_gitlab(change: Repository) -> None:
    result = run(gitlab(change, CI_MERGE_REQUEST_SOURCE_PROJECT_ID="9", MESHGEN_GITLAB_TOKEN=TOKEN))
    assert "MG734" in result.output


def test_outside_of_pipelines_it_is_a_check(change: Repository) -> None:
    assert run({}).exit_code == 1
    commit(change.home, **{"fleet/fleet.yaml": FLEET})
    assert run({}).exit_code == 0
