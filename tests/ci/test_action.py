"""The composite action: its form, and its steps run as a runner runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.ci.support import Repository, api, repository
from tests.git.support import git

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = YAML(typ="safe").load(ROOT / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


def test_no_script_holds_an_expression_and_every_step_names_its_shell() -> None:
    for step in STEPS:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_every_input_reaches_the_command() -> None:
    used = {name for step in STEPS for value in step.get("env", {}).values() for name in EXPRESSION.findall(value)}
    assert used == {f"inputs.{name}" for name in ACTION["inputs"]}
    for step in STEPS:
        assert all(f"${name}" in step["run"] for name in step.get("env", {}) if name != "GITHUB_TOKEN")


def test_every_input_and_output_is_documented() -> None:
    page = (ROOT / "docs/ci.md").read_text()
    for name in [*ACTION["inputs"], *ACTION["outputs"]]:
        assert f"| `{name}` |" in page


def runner(home: Path, temporary: Path, variables: dict[str, str], inputs: dict[str, str]) -> tuple[int, str]:
    """Exit code and log of the steps after the installation, as GitHub's runner runs them."""
    values = {f"inputs.{name}": inputs.get(name, each["default"]) for name, each in ACTION["inputs"].items()}
    log = ""
    for step in STEPS[1:]:
        env = {name: EXPRESSION.sub(lambda found: values[found[1]], text) for name, text in step["env"].items()}
        script = temporary / "step.sh"
        script.write_text(step["run"])
        # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=home,
            env={**os.environ, **variables, "RUNNER_TEMP": str(temporary), "GITHUB_ACTION_PATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        log += done.stdout + done.stderr
        if done.returncode:
            return done.returncode, log
    return 0, log


@pytest.fixture
def change(tmp_path: Path) -> Repository:
    found = repository(tmp_path)
    installed = found.temporary / "meshgen/bin"
    installed.mkdir(parents=True)
    (installed / "meshgen").symlink_to(Path(sys.executable).parent / "meshgen")
    return found


def step(change: Repository, variables: dict[str, str], **inputs: str) -> tuple[int, str]:
    clean = {name: "" for name in os.environ if name.startswith(("GITHUB_", "CI_", "GITLAB_"))}
    return runner(change.home, change.temporary, clean | variables, {"kubeconform": "off", "token": "t0ken", **inputs})


@pytest.mark.slow
def test_a_pull_request_from_stale_to_merged(change: Repository) -> None:
    with api() as forge:
        variables = change.pull_request() | {"GITHUB_API_URL": forge.url}
        code, log = step(change, variables)
        assert code == 1
        assert "::error title=meshgen MG510,file=output/c1/web/" in log
        assert "Run `meshgen build` and commit the result." in log
        assert "This change does not pass" in forge.comments[0]["body"]

        code, log = step(change, variables, mode="commit")
        assert code == 0, log
        assert change.pushed("change") == "github-actions[bot]: Build the output of the fleet"
        assert "does not pass" not in forge.comments[0]["body"]

        git(change.home, "checkout", "--quiet", "main")
        git(change.home, "merge", "--quiet", "--no-ff", "--message", "Merge", "origin/change")
        git(change.home, "push", "--quiet", "origin", "main")
        code, log = step(change, change.variables("push"))
        assert code == 0, log
        assert change.read("outputs").count("false") == 1


@pytest.mark.slow
def test_names_of_a_stranger_are_no_commands(change: Repository) -> None:
    witness = change.temporary / "witness"
    evil = f"$(touch {witness})`touch {witness}`; touch {witness} #"
    head = {"ref": evil, "sha": git(change.home, "rev-parse", "HEAD"), "repo": {"full_name": evil}}
    (change.home / "pip").mkdir()
    (change.home / "pip/__main__.py").write_text(f"open({str(witness)!r}, 'w')")
    code, _ = step(change, change.pull_request(head=head), fleet=evil)
    assert code == 1
    code, _ = step(change, change.pull_request(head=head), mode="commit", comment="false")
    assert code == 1
    assert not witness.exists()
