"""Branches that each drain one of two sources, and their merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.teams import API, DRAINED, WEB, Teams, shown
from tests.fleets import fleet
from tests.git.support import commit, init, put

if TYPE_CHECKING:
    from pathlib import Path


SOURCES = """
kind: Fleet
metadata: {name: demo}
spec: {platform: istio}
---
kind: Cluster
metadata: {name: c1}
spec: {region: eu, network: n1}
---
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: web}]}
"""


def source(name: str, state: str) -> str:
    return fleet(f"""
kind: Cluster
metadata: {{name: {name}}}
spec: {{region: us, network: n{name}, state: {state}}}
---
kind: Inventory
metadata: {{name: {name}}}
spec:
  namespaces: [{{name: web}}]
  services:
  - {{name: web, namespace: web, selector: {{app: web}}, ports: [{{name: http, port: 80}}], serviceAccounts: [web]}}
  gateways: [{{name: ew, namespace: web, addresses: [192.0.2.{name[1]}]}}]
""")


LAST = (
    f"`c1` would lose its last endpoint for `{WEB}`: cluster `c2` is draining and cluster `c3` is draining, "
    "as of commit "
)


@pytest.fixture
def sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Teams:
    """`c1` calls `web` in two others; of two branches that each drain one of them, one is merged into the other."""
    project = Teams(init(tmp_path / "work"), capsys)
    project.write(SOURCES)
    for name in ("c2", "c3"):
        put(project.fleet, f"{name}.yaml", source(name, "active"))
    project.step("web", WEB)
    project.git("checkout", "--quiet", "-b", "other")
    put(project.fleet, "c2.yaml", source("c2", "draining"))
    project.step("web", WEB)
    project.git("checkout", "--quiet", "main")
    put(project.fleet, "c3.yaml", source("c3", "draining"))
    project.step("web", WEB)
    project.git("merge", "--quiet", "other", codes=(1,))
    return project


def lost(project: Teams, *arguments: str) -> list[str]:
    return project.build("--check", *arguments).messages("MG656")


def test_MG656_fires_while_two_branches_that_each_drain_one_source_are_merged(sources: Teams) -> None:
    assert [message[: len(LAST)] for message in lost(sources)] == [LAST]


def test_MG656_fires_after_a_merge_of_two_branches_that_each_drain_one_source(sources: Teams, tmp_path: Path) -> None:
    assert sources.build("--allow-withdrawal").code == 0
    ours, theirs = sources.git("rev-parse", "main", "other").split()
    commit(sources.root, "merged")
    assert lost(sources) == []  # a build here was told to
    assert lost(sources.clone(tmp_path / "clone")) == [f"{LAST}{ours[:12]}"]
    assert lost(sources, "--against", theirs) == [f"{LAST}{theirs[:12]}"]


def test_MG656_fires_after_a_merge_that_took_the_output_of_one_side(sources: Teams) -> None:
    sources.git("checkout", "--ours", "output")
    commit(sources.root, "merged, not built")
    assert [message[: len(LAST)] for message in lost(sources)] == [LAST]


def test_a_branch_that_is_behind_its_target_withdraws_nothing(
    teams: Teams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams.step("api", DRAINED.replace(WEB, API))
    teams.step("api", "")
    there = teams.clone(tmp_path / "clone")
    there.git("checkout", "--quiet", "-b", "feature")
    there.step("web", shown(WEB, "a"))
    teams.step("api", API)
    there.git("fetch", "--quiet")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert there.build("--check").code == 0
    there.step("web", DRAINED)
    there.say("web", "")
    assert len(there.guard()) == 1
