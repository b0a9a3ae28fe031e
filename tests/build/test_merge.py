"""Branches that each expose or withdraw a service merge into what their fleet says (design §7)."""

from __future__ import annotations

import itertools
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.fleets import compiled, fleet
from tests.git.support import commit, git, init

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.build.project import Project

SERVICES = tuple(f"s{number:02}" for number in range(20))
TEAMS = {"blue": SERVICES[:10], "green": SERVICES[10:]}
CLUSTERS = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
"""


def inventories() -> str:
    """All services run in c1, behind one gateway that both teams share; c2 calls them."""
    services = "\n".join(
        f"  - {{name: {name}, namespace: {team}, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}], "
        f"serviceAccounts: [{name}]}}"
        for team, names in TEAMS.items()
        for name in names
    )
    return f"""
kind: Inventory
metadata: {{name: c1}}
spec:
  namespaces: [{{name: blue}}, {{name: green}}]
  services:
{services}
  gateways: [{{name: ew, namespace: blue, addresses: [198.51.100.1]}}]
---
kind: Inventory
metadata: {{name: c2}}
spec: {{namespaces: [{{name: blue}}, {{name: green}}]}}
"""


def workspace(team: str, exposed: frozenset[str]) -> str:
    hosts = "".join(f"\n  - {name}.{team}.svc.cluster.local" for name in TEAMS[team] if name in exposed)
    return f"""
kind: Workspace
metadata: {{name: {team}}}
spec:
  namespaceSelector: {{names: ["*/{team}"]}}
  eastWestGateway: {{name: ew, namespace: blue}}
  exposedServices:{hosts or " []"}
"""


@cache
def output(exposed: frozenset[str]) -> dict[str, bytes]:
    """The tree of a fleet that exposes these services."""
    found = compiled(CLUSTERS, inventories(), *(workspace(team, exposed) for team in TEAMS))
    assert found.errors == []
    return found.compilation.files


def three_way(
    base: Mapping[str, bytes], ours: Mapping[str, bytes], theirs: Mapping[str, bytes], scratch: Path
) -> tuple[dict[str, bytes], list[str]]:
    """What a plain merge makes of three trees, and the files with conflicts."""
    merged: dict[str, bytes] = {}
    conflicts: list[str] = []
    for path in sorted(base.keys() | ours.keys() | theirs.keys()):
        sides = (base.get(path), ours.get(path), theirs.get(path))
        before, left, right = sides
        result = left if right in (before, left) else right
        if left not in (before, right) and right not in (before, left):
            result, clean = merge_file(scratch, sides) if left is not None and right is not None else (left, False)
            if not clean:
                conflicts.append(path)
        if result is not None:
            merged[path] = result
    return merged, conflicts


def merge_file(scratch: Path, sides: tuple[bytes | None, bytes | None, bytes | None]) -> tuple[bytes, bool]:
    names = [scratch / name for name in ("base", "ours", "theirs")]
    for file, content in zip(names, sides, strict=True):
        file.write_bytes(content or b"")
    base, ours, theirs = map(str, names)
    done = subprocess.run(["git", "merge-file", "--stdout", ours, base, theirs], capture_output=True, check=False)
    return done.stdout, done.returncode == 0


ALL = frozenset(SERVICES)
NONE: frozenset[str] = frozenset()
HALF = frozenset(SERVICES[::2])
PAIRS = [frozenset(pair) for pair in itertools.combinations(SERVICES, 2)]
FEW = [pair for pair in PAIRS if pair <= {*SERVICES[:2], *SERVICES[10:12]}]
"""Two services of each team: neighbours in a list, and strangers."""


@pytest.mark.parametrize(
    ("base", "pairs"),
    [
        pytest.param(NONE, FEW, id="both expose, nothing was"),
        pytest.param(ALL, FEW, id="both withdraw"),
        pytest.param(HALF, [pair for pair in FEW if len(pair & HALF) == 1], id="one exposes, one withdraws"),
        pytest.param(NONE, PAIRS, id="any two expose, nothing was", marks=pytest.mark.slow),
        pytest.param(ALL, PAIRS, id="any two withdraw", marks=pytest.mark.slow),
        pytest.param(
            HALF,
            [pair for pair in PAIRS if len(pair & HALF) == 1],
            id="any exposes, any withdraws",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_pairs_of_branches_merge_into_what_their_fleet_says(
    base: frozenset[str], pairs: list[frozenset[str]], tmp_path: Path
) -> None:
    conflicts: dict[str, list[str]] = {}
    for pair in pairs:
        one, other = sorted(pair)
        merged, broken = three_way(output(base), output(base ^ {one}), output(base ^ {other}), tmp_path)
        if broken:
            conflicts[f"{one} {other}"] = broken
        assert merged == output(base ^ pair)
    assert conflicts == {}


def test_the_merge_of_this_test_does_find_conflicts(tmp_path: Path) -> None:
    base, ours, theirs = ({"a": text} for text in (b"1\n2\n", b"1\nours\n", b"1\ntheirs\n"))
    assert three_way(base, ours, theirs, tmp_path)[1] == ["a"]
    assert three_way({"a": b"1\n"}, {}, {"a": b"2\n"}, tmp_path)[1] == ["a"]
    assert three_way({}, {"a": b"1\n"}, {"b": b"2\n"}, tmp_path) == ({"a": b"1\n", "b": b"2\n"}, [])


def expose(project: Project, team: str, exposed: frozenset[str]) -> None:
    (project.fleet / f"{team}.yaml").write_text(fleet(workspace(team, exposed)))
    outcome = project.build()
    assert outcome.code == 0, outcome.said
    commit(project.root, f"{team} exposes {', '.join(sorted(exposed)) or 'nothing'}")


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_two_branches_merged_by_git_need_no_second_build_and_the_next_one_needs_no_option(
    project: Project, state: str
) -> None:
    init(project.root)
    project.write(CLUSTERS, inventories())
    expose(project, "blue", NONE)
    expose(project, "green", NONE)
    for team in TEAMS:
        git(project.root, "checkout", "--quiet", "-b", team, "main")
        expose(project, team, frozenset(TEAMS[team][:2]))

    git(project.root, "merge", "--quiet", "--no-edit", "blue")
    if state == "lost":
        git(project.root, "clean", "--quiet", "-dfX")
    assert len(project.names("c2/*/serviceentry*")) == 4
    outcome = project.build("--check")
    assert (outcome.code, outcome.drift) == (0, [])
    expose(project, "blue", frozenset(TEAMS["blue"][:3]))
    assert len(project.names("c2/*/serviceentry*")) == 5
