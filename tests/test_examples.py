"""Every committed fleet: its committed output is what it says, and others judge it valid."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meshgen.build import Options, build
from meshgen.pipeline import compile_fleet
from meshgen.verify import kubeconform, verify

ROOT = Path(__file__).parent.parent
FLEETS = [ROOT / "fleet", *sorted((ROOT / "examples").glob("*/fleet"))]
PLATFORMS = {"tse", "tsb", "istio"}


@pytest.fixture(params=FLEETS, ids=[str(path.relative_to(ROOT).parent) for path in FLEETS])
def fleet(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real kubeconform. Where Go is installed its absence is a failure, since one command puts it there."""
    found = shutil.which(ROOT / ".cache/bin/kubeconform") or kubeconform.find()
    if found is None:
        text = "kubeconform is not installed; `make tools` builds the pinned one into .cache/bin"
        if shutil.which("go"):
            pytest.fail(text)
        pytest.skip(f"{text}, which needs Go")
    monkeypatch.setenv(kubeconform.VARIABLE, str(found))


def test_the_examples_show_every_platform() -> None:
    plans = [compile_fleet(fleet).plan for fleet in FLEETS]
    assert {plan.platform for plan in plans if plan is not None} == PLATFORMS


def test_the_committed_output_is_what_the_fleet_says(fleet: Path) -> None:
    report = build(fleet, fleet.parent / "output", Options(check=True, kubeconform="off"))
    assert [found.message for found in report.diagnostics if found.severity == "error"] == []
    assert report.comparison is not None
    assert report.comparison.in_sync


def test_nothing_foreign_lies_in_the_committed_output(fleet: Path) -> None:
    output = fleet.parent / "output"
    paths = (path.relative_to(output) for path in output.rglob("*") if path.is_file())
    assert {path.as_posix() for path in paths if path.parts[0] != ".meshgen"} == set(compile_fleet(fleet).files)


def test_every_object_is_valid(fleet: Path) -> None:
    manifests = compile_fleet(fleet).manifests
    assert manifests
    assert verify(manifests) == []


@pytest.mark.usefixtures("program")
def test_kubeconform_finds_every_committed_object_valid_and_skips_none(fleet: Path) -> None:
    manifests = {manifest.path: manifest for manifest in compile_fleet(fleet).manifests}
    found, summary = kubeconform.validate(fleet.parent / "output", manifests, "require")
    assert found == []
    assert summary == kubeconform.Summary(valid=len(manifests), invalid=0, errors=0, skipped=0)
