"""A repository from nothing passes its own checks, and those of the formats that it is written in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meshgen.cli import main
from meshgen.delivery import engine_names
from meshgen.scaffold import forge_names

ROOT = Path(__file__).parents[2]
CHOICES = [(engine, forge) for engine in ("", *engine_names()) for forge in ("", *forge_names())][1:]


def made(directory: Path, engine: str = "argocd", forge: str = "github", *more: str) -> Path:
    options = [*(["--engine", engine] if engine else []), *(["--ci", forge] if forge else [])]
    assert main(["init", str(directory), *options, *more]) == 0
    return directory


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each forge."""
    return {forge: made(tmp_path_factory.mktemp(forge), forge=forge) for forge in forge_names()}


@pytest.mark.parametrize(("engine", "forge"), CHOICES)
def test_it_passes_its_own_checks(
    engine: str, forge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made(tmp_path, engine, forge))
    assert main(["validate", "--fail-on", "warning"]) == 0
    assert main(["build", "--fail-on", "warning", "--kubeconform", "off"]) == 0
    assert main(["build", "--check", "--kubeconform", "off"]) == 0
    clusters = {path.name for path in (tmp_path / "output").iterdir()} - {".meshgen"}
    assert clusters >= {"cluster-1", "cluster-2"}
    assert ("_delivery" in clusters) == bool(engine)
    assert "@" not in "".join(capsys.readouterr().out)


@pytest.mark.parametrize("platform", ["tse", "tsb"])
def test_it_is_one_for_each_platform(platform: str, tmp_path: Path) -> None:
    made(tmp_path, "argocd", "github", "--platform", platform)
    assert main(["validate", str(tmp_path / "fleet"), "--fail-on", "warning"]) == 0


def test_no_word_is_left_to_be_put_in(repositories: dict[str, Path]) -> None:
    for directory in repositories.values():
        for path in directory.rglob("*"):
            assert not path.is_file() or re.search("@[A-Z]+@", path.read_text()) is None


def test_a_team_defines_its_workspace_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made(tmp_path))
    (tmp_path / ".git").mkdir()
    cluster = "apiVersion: meshgen.io/v1\nkind: Cluster\nmetadata: {name: cluster-3}\nspec: {network: n3}\n"
    (tmp_path / "fleet/teams/bookinfo/more.yaml").write_text(cluster)
    (tmp_path / "fleet/teams/new").mkdir()
    (tmp_path / "fleet/teams/new/workspace.yaml").write_text(
        "apiVersion: meshgen.io/v1\nkind: Workspace\nmetadata: {name: new}\n"
        'spec: {namespaceSelector: {names: ["*/new"]}}\n'
    )
    capsys.readouterr()
    assert main(["validate", "--format", "concise"]) == 1
    errors = [line for line in capsys.readouterr().out.splitlines() if "error[MG73" in line]
    assert [line.partition(": error")[2].partition(":")[0] for line in errors] == [
        "[MG730] @company/bookinfo",
        "[MG730] @company/platform",
    ]


@pytest.mark.parametrize("present", ["README.md", ".github/workflows/mesh.yml", "fleet/mine.yaml"])
def test_nothing_is_overwritten(present: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / present
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    assert main(["init", str(tmp_path), "--ci", "github"]) == 2
    assert f"`{file}` exists already" in capsys.readouterr().err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ci", "github", "--source", "me"], "'me' is no repository such as `company/meshgen`."),
        (["--ci", "github", "--source", "a/b --evil"], "is no repository"),
        (["--repo-url", "https://x"], "`--repo-url` is for an engine"),
    ],
)
def test_what_it_cannot_write_is_said(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_given_stand_where_they_belong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, "argocd", "github", "--source", "acme/meshgen", "--repo-url", "ssh://git@git.acme.test/mesh.git")
    assert "stands for the repository" not in capsys.readouterr().err
    assert "- uses: acme/meshgen@v" in (tmp_path / ".github/workflows/mesh.yml").read_text()
    assert "- repo: https://github.com/acme/meshgen" in (tmp_path / ".pre-commit-config.yaml").read_text()
    assert 'repoURL: "ssh://git@git.acme.test/mesh.git"' in (tmp_path / "fleet/platform/fleet.yaml").read_text()


def run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "forge", "path"),
    [
        ("github-workflows", "github", ".github/workflows/mesh.yml"),
        ("gitlab-ci", "gitlab", ".gitlab-ci.yml"),
        ("renovate", "github", "renovate.json"),
        ("github-actions", "", "action.yml"),
    ],
)
def test_a_file_keeps_the_schema_of_its_format(
    schema: str, forge: str, path: str, repositories: dict[str, Path]
) -> None:
    file = repositories.get(forge, ROOT) / path
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file)


def test_workflows_pass_actionlint(repositories: dict[str, Path]) -> None:
    program = shutil.which(ROOT / ".cache/bin/actionlint") or shutil.which("actionlint")
    if program is None:
        text = "actionlint is not installed; `make tools` builds the pinned one into .cache/bin"
        if shutil.which("go"):
            pytest.fail(text)
        pytest.skip(f"{text}, which needs Go")
    written = repositories["github"] / ".github/workflows/mesh.yml"
    run(program, "-no-color", written, *sorted((ROOT / ".github/workflows").glob("*.yml")))


def test_hooks_and_their_configuration_pass_pre_commit(repositories: dict[str, Path]) -> None:
    run(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")
    run(sys.executable, "-m", "pre_commit", "validate-config", repositories["github"] / ".pre-commit-config.yaml")


def test_the_hooks_that_are_configured_exist(repositories: dict[str, Path]) -> None:
    from ruamel.yaml import YAML

    reader = YAML(typ="safe")
    known = {hook["id"] for hook in reader.load(ROOT / ".pre-commit-hooks.yaml")}
    for directory in repositories.values():
        (repository,) = reader.load(directory / ".pre-commit-config.yaml")["repos"]
        assert {hook["id"] for hook in repository["hooks"]} <= known
