"""The schemas in the repository are those that the script makes from the pinned modules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tools/schemas/generate.py"


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the script without a network: modules come from Go's cache or not at all."""
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        env={**os.environ, "GOPROXY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def modules() -> None:
    if shutil.which("go") is None:
        pytest.skip("Go is not installed: the schemas cannot be compared with their sources")
    probe = subprocess.run(
        [sys.executable, "-c", "import modules; [modules.fetch(name) for name in modules.pins()]"],
        cwd=SCRIPT.parent,
        env={**os.environ, "GOPROXY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "SourceError" in probe.stderr and "go.sum" not in probe.stderr:
        pytest.skip("the pinned modules are not in Go's cache; `python tools/schemas/generate.py` fetches them")
    assert probe.returncode == 0, probe.stderr


@pytest.mark.usefixtures("modules")
def test_the_schemas_have_not_drifted() -> None:
    done = run(SCRIPT, "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def checkout(tmp_path: Path, modules: None) -> Path:  # noqa: ARG001 - wanted for its skip
    """What the script reads and writes, copied."""
    for part in ("tools/schemas", "schemas"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


@pytest.mark.slow
def test_drift_is_named_and_repaired(checkout: Path) -> None:
    script = checkout / "tools/schemas/generate.py"
    service, surplus = checkout / "schemas/v1/service_v1.json", checkout / "schemas/v1/secret_v1.json"
    right = service.read_text("utf-8")
    service.write_text("{}", "utf-8")
    surplus.write_text("{}", "utf-8")

    done = run(script, "--check")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "schemas/v1/secret_v1.json",
        "schemas/v1/service_v1.json",
    ]
    assert service.read_text("utf-8") == "{}"

    assert run(script).returncode == 0
    assert service.read_text("utf-8") == right
    assert not surplus.exists()


def test_a_rule_that_nobody_decided_on_stops_the_generator(checkout: Path) -> None:
    table = checkout / "tools/schemas/cel.yaml"
    table.write_text(table.read_text("utf-8").replace("'self != \"*\"'", "'another rule'"), "utf-8")
    done = run(checkout / "tools/schemas/generate.py", "--check")
    assert (done.returncode, done.stderr) == (2, "generate.py: cel.yaml says nothing about the rule 'self != \"*\"'\n")


def test_an_overlay_for_a_place_that_is_gone_stops_the_generator(checkout: Path) -> None:
    table = checkout / "tools/schemas/overlay.yaml"
    table.write_text(table.read_text("utf-8").replace("[spec.host]", "[spec.hostname]"), "utf-8")
    done = run(checkout / "tools/schemas/generate.py", "--check")
    assert done.returncode == 2
    assert "nothing is at spec.hostname" in done.stderr


def test_a_module_with_another_hash_is_refused(checkout: Path) -> None:
    sums = checkout / "tools/schemas/go.sum"
    sums.write_text(sums.read_text("utf-8").replace("h1:", "h1:x"), "utf-8")
    done = run(checkout / "tools/schemas/generate.py", "--check")
    assert done.returncode == 2
    assert "which go.sum does not list" in done.stderr
