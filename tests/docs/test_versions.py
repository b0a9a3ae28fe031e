"""What a release says of itself: the Pythons that are listed are those that are tested."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tests.fleets import read

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RELEASE: dict[str, Any] = read((ROOT / ".github" / "workflows" / "release.yml").read_text())


def test_every_listed_python_is_tested_before_a_release() -> None:
    mark = "Programming Language :: Python :: 3."
    listed = [f"3.{each.removeprefix(mark)}" for each in PROJECT["classifiers"] if each.startswith(mark)]
    assert RELEASE["jobs"]["test"]["strategy"]["matrix"]["python"] == listed
    assert PROJECT["requires-python"] == f">={listed[0]}"


def test_a_release_runs_targets_that_there_are() -> None:
    makefile = (ROOT / "Makefile").read_text()
    steps = [step for job in RELEASE["jobs"].values() for step in job["steps"]]
    words = [word for step in steps for word in step.get("run", "").partition("make ")[2].split() if "=" not in word]
    assert sorted(set(words)) == ["dist", "test"]
    assert all(f"\n{word}:" in makefile for word in words)
