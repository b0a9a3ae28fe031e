"""Findings say first whose file they are about."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from meshgen.owners import owners_of
from meshgen.owners.repository import LARGEST

if TYPE_CHECKING:
    from pathlib import Path

OWNERS = "/fleet/ @platform\n/fleet/teams/bookinfo/ @bookinfo\n"
PLATFORM = """\
apiVersion: meshgen.io/v1
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  directories:
  - {path: teams, kinds: [Workspace]}
  clusters:
  - {name: cluster-1, network: one}
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "fleet/teams/bookinfo").mkdir(parents=True)
    (tmp_path / "fleet/fleet.yaml").write_text(PLATFORM)
    (tmp_path / "CODEOWNERS").write_text(OWNERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def validate(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["validate", *arguments])
    return capsys.readouterr().out


def test_a_broken_file_of_a_team_is_the_team_s(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "fleet/teams/bookinfo/workspace.yaml").write_text("apiVersion: meshgen.io/v1\nkind: Workspcae\n")
    assert validate(capsys).startswith(
        "error[MG017] for @bookinfo: unknown kind `Workspcae`\n --> fleet/teams/bookinfo/workspace.yaml:2:7\n"
    )


def test_a_cluster_of_a_team_is_refused_and_the_team_s(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = repository / "fleet/teams/bookinfo/more.yaml"
    file.write_text("apiVersion: meshgen.io/v1\nkind: Cluster\nmetadata: {name: mine}\n")
    assert (
        "fleet/teams/bookinfo/more.yaml:3:18: error[MG730] @bookinfo: `teams` may hold `Workspace`, but this is a "
        "`Cluster`\n"
    ) in validate(capsys, "--format", "concise")


def test_every_format_says_it(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "fleet/teams/bookinfo/workspace.yaml").write_text("apiVersion: meshgen.io/v1\nkind: Workspcae\n")
    for form in ("full", "concise", "json", "github", "gitlab", "sarif", "junit", "rdjson"):
        assert "@bookinfo" in validate(capsys, "--format", form), form
    assert json.loads(validate(capsys, "--format", "json"))[0]["owners"] == ["@bookinfo"]


@pytest.mark.parametrize(
    ("places", "owner"),
    [
        (["CODEOWNERS"], "@0"),
        (["docs/CODEOWNERS"], "@0"),
        ([".gitlab/CODEOWNERS"], "@0"),
        ([".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"], "@0"),
        (["CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"], "@0"),
    ],
)
def test_the_first_place_counts(places: list[str], owner: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for number, place in enumerate(places):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(f"* @{number}\n")
    assert owners_of([str(tmp_path / "x/y")]) == {str(tmp_path / "x/y"): (owner,)}


@pytest.mark.parametrize(("pipeline", "owners"), [(None, ("@team",)), (".gitlab-ci.yml", ("@plain", "@team"))])
def test_sections_are_read_where_gitlab_runs_pipelines(
    pipeline: str | None, owners: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "CODEOWNERS").write_text("* @plain\n[Team]\nx @team\n")
    if pipeline is not None:
        (tmp_path / pipeline).touch()
    file = str(tmp_path / "x")
    assert owners_of([file])[file] == owners


def test_without_a_repository_or_the_file_nobody_is_named(tmp_path: Path) -> None:
    assert owners_of([str(tmp_path / "x")]) == {}
    (tmp_path / ".git").mkdir()
    assert owners_of([str(tmp_path / "x")]) == {}


def test_what_a_stranger_makes_of_the_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("* @outside\n")
    (tmp_path / "CODEOWNERS").symlink_to(outside)
    (tmp_path / ".github").mkdir()
    os.mkfifo(tmp_path / ".github/CODEOWNERS")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_bytes(b"#" * (LARGEST + 1))
    assert owners_of([str(tmp_path / "x")]) == {}


def test_owners_are_not_looked_for_without_end(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "CODEOWNERS").write_text("*a*b*c @x\n" * 20_000 + "* @all\n")
    files = [str(tmp_path / f"{'a' * 100}{number}") for number in range(1000)]
    assert 0 < len(owners_of(files)) < 1000
