"""`meshgen diff`: commits and the working tree, forms and exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from meshgen.calls import Calls
from meshgen.cli.group import cli
from tests.fleets import fleet
from tests.git.support import commit, git, init
from tests.review.test_effects import API, HEAD, WEB, inventory

if TYPE_CHECKING:
    from pathlib import Path

    from meshgen.analysis.relations import Relations

LISTED = HEAD.replace(f"[{WEB}, {API}]", f"[{WEB}]")
OTHERS = (inventory("c2", "web", address="192.0.2.2"), inventory("c3", address="192.0.2.3"))
ONE = fleet(LISTED, inventory("c1", "web", address="192.0.2.1"), *OTHERS)
OTHER = fleet(LISTED, inventory("c1", address="192.0.2.1"), *OTHERS)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A commit `old`, and one after it that takes the Service from a cluster."""
    init(tmp_path)
    commit(tmp_path, **{"fleet/fleet.yaml": ONE})
    git(tmp_path, "tag", "old")
    commit(tmp_path, **{"fleet/fleet.yaml": OTHER})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["diff", *arguments])


@pytest.mark.parametrize(
    ("arguments", "code", "begins"),
    [
        ((), 0, "nothing differs between HEAD and the working tree"),
        (("--exit-code",), 0, "nothing differs"),
        (("--from", "old"), 0, f"from old to the working tree\n\n  ! `{WEB}`: `c1` loses `c1` and keeps `c2`"),
        (("--from", "old", "--to", "HEAD", "--exit-code"), 1, "from old to HEAD"),
        (("--from", "old", "--as", "markdown"), 0, "### meshgen: from `old` to `the working tree`"),
        (("--from", "nothing"), 1, "error[MG655]: `--from nothing`: there is no such commit here"),
        (("--to", "nothing"), 1, "error[MG655]: `--to nothing`: there is no such commit here"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_two_fleets_are_compared(arguments: tuple[str, ...], code: int, begins: str) -> None:
    result = run(*arguments)
    assert result.output.startswith(begins), result.output
    assert result.exit_code == code


@pytest.mark.usefixtures("repository")
def test_a_pull_request_is_compared_with_the_branch_that_it_goes_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert "`--from origin/main`: there is no such commit here" in run().output


@pytest.mark.usefixtures("repository")
def test_a_change_that_is_not_committed_shows(repository: Path) -> None:
    (repository / "fleet/fleet.yaml").write_text(ONE)
    (effect, *_) = json.loads(run("--as", "json").output)["traffic"]
    assert (effect["kind"], effect["hosts"], effect["gained"]) == ("failoverGained", [WEB], ["c1"])


def test_a_fleet_that_cannot_be_read_is_told_as_by_validate(repository: Path) -> None:
    (repository / "fleet/fleet.yaml").write_text("kind: Fleet\n")
    result = run()
    assert result.exit_code == 1
    assert "error[MG0" in result.output or "error[MG1" in result.output


def test_a_withdrawal_in_use_is_split_into_steps(repository: Path) -> None:
    (repository / "fleet/fleet.yaml").write_text(OTHER.replace(f"[{WEB}]", "[]"))
    order = json.loads(run("--as", "json", "--split").output)["order"]
    assert order["steps"] == [f"Before the change: `meshgen drain c2 --service {WEB}`", "The change"]


def test_a_cluster_that_slept_through_a_drain_is_found_by_since(repository: Path) -> None:
    drained = ONE.replace(f"[{WEB}]", f"[{{host: {WEB}, state: draining}}]")
    withdrawn = ONE.replace(f"[{WEB}]", "[]")
    assert len({ONE, drained, withdrawn}) == 3
    commit(repository, **{"fleet/fleet.yaml": ONE})
    git(repository, "tag", "used")
    commit(repository, **{"fleet/fleet.yaml": drained})
    (repository / "fleet/fleet.yaml").write_text(withdrawn)
    assert json.loads(run("--as", "json").output)["order"]["safe"]
    order = json.loads(run("--as", "json", "--since", "used", "--split").output)["order"]
    assert {(item["consumer"], item["source"], item["sourceRuns"]) for item in order["hazards"]} == {
        ("c1", "c2", "the working tree"),
        ("c2", "c1", "the working tree"),
        ("c3", "c1", "the working tree"),
        ("c3", "c2", "the working tree"),
    }
    drained_by = git(repository, "rev-parse", "--short=12", "HEAD").strip()
    assert order["steps"] == [f"Wait until `c1`, `c2` and `c3` run {drained_by}", "The change"]


@pytest.mark.parametrize(
    ("arguments", "name", "begins"),
    [
        ((), "the working tree", "nothing differs between HEAD and the working tree"),
        (
            ("--as", "markdown"),
            "the working tree",
            "### meshgen: from `HEAD` to `the working tree`\n\n**!** the working",
        ),
        (("--as", "json"), "the working tree", '{\n  "from": "HEAD",\n  "to": "the working tree",\n  "errors": true,'),
        (("--from", "old", "--to", "HEAD"), "HEAD", "from old to HEAD"),
    ],
)
def test_a_fleet_with_errors_is_said_to_have_them(
    repository: Path, arguments: tuple[str, ...], name: str, begins: str
) -> None:
    nobody_has_it = OTHER.replace(f"[{WEB}]", f"[{WEB}, {API}]")
    assert nobody_has_it != OTHER
    commit(repository, **{"fleet/fleet.yaml": nobody_has_it})
    result = run(*arguments)
    assert result.stdout.startswith(begins)
    assert result.stderr == f"{name} has errors, so this is not built; `meshgen validate` shows them\n"
    assert result.exit_code == 0


def test_what_is_equal_is_worked_out_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working tree and two commits with the same fleet."""
    (repository / "fleet/fleet.yaml").write_text(ONE)
    derived: list[Relations] = []

    def counted(relations: Relations) -> Calls:
        derived.append(relations)
        return Calls(relations)

    monkeypatch.setattr("meshgen.revisions.compile.Calls", counted)
    assert run("--from", "old", "--since", "old").exit_code == 0
    assert len(derived) == 1, "of the commit between"
