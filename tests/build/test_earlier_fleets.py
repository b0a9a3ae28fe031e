"""What earlier fleets are read and planned for, and which of them were built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meshgen.plan import plan
from meshgen.revisions import compile as compiling
from meshgen.revisions import history
from tests.build.teams import API, CUT, DRAINED, PLATFORM, WEB, Teams
from tests.fleets import fleet
from tests.git.support import commit, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.plan.model import Plan


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done for earlier fleets: `read` and `planned`, once each time."""
    done: list[str] = []
    reading, planning = compiling.meaning, plan

    def read(contents: Mapping[str, bytes]) -> compiling.Meaning | None:
        done.append("read")
        return reading(contents)

    def planned(*derived: Any) -> Plan:
        done.append("planned")
        return planning(*derived)

    monkeypatch.setattr(history, "meaning", read)
    monkeypatch.setattr(compiling, "plan", planned)
    return done


@pytest.mark.parametrize("arguments", [(), ("--cluster", "c2")])
def test_a_fleet_that_did_not_change_is_not_read_again(
    teams: Teams, work: list[str], arguments: tuple[str, ...]
) -> None:
    teams.git("mv", "fleet/web.yaml", "fleet/other.yaml")
    assert teams.build("--check", *arguments).code == 0
    assert work == []


def test_an_earlier_fleet_is_planned_once_to_see_whether_its_output_was_built(teams: Teams, work: list[str]) -> None:
    teams.say("web", "")
    assert len(teams.guard()) == 1
    assert work == ["read", "planned"]


def test_what_other_clusters_close_is_not_the_business_of_one_that_is_written(teams: Teams) -> None:
    teams.say("web", "")
    assert teams.guard("--cluster", "c2") == []
    assert len(teams.guard("--cluster", "c1")) == 1


def test_nothing_of_an_earlier_fleet_is_written_or_pointed_at(teams: Teams) -> None:
    before = teams.tree
    teams.say("web", "")
    outcome = teams.build()
    assert teams.tree == before
    assert all(str(teams.fleet) in line for line in outcome.said.splitlines() if "[MG650]" in line)
    assert teams.git("status", "--porcelain") == "M fleet/web.yaml"


THIRD = fleet(PLATFORM, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: us, network: n3}
---
kind: Inventory
metadata: {name: c3}
spec: {namespaces: [{name: web}, {name: api}]}
""")  # fmt: skip


def test_MG650_fires_when_only_some_consumers_were_built_without_it(teams: Teams) -> None:
    teams.write(THIRD)
    teams.step("web", WEB)
    used = teams.git("rev-parse", "HEAD")
    teams.step("web", DRAINED, "--cluster", "c2")
    teams.say("web", "")
    assert teams.guard("--cluster", "c1") == [
        f"`{WEB}` would no longer be exposed by `c1`, but `c3` still calls it there, as of commit {used[:12]}"
    ]
    teams.step("web", DRAINED, "--cluster", "c3")
    teams.say("web", "")
    assert teams.guard("--cluster", "c1") == []


@pytest.mark.parametrize("touched", ["notes.txt", "c2/notes.txt"])
def test_MG650_fires_when_a_withdrawal_was_committed_unbuilt_before_the_output_changed(
    teams: Teams, touched: str
) -> None:
    used = teams.git("rev-parse", "HEAD")
    teams.say("web", "")
    commit(teams.root, "withdraw web; not built")
    for text in ("one", "two"):
        put(teams.output, touched, text)
        commit(teams.root, "touch the output")
    assert teams.guard() == [f"{CUT}{used[:12]}"]
    teams.say("api", DRAINED.replace(WEB, API))
    assert teams.guard() == [f"{CUT}{used[:12]}"]


def test_an_output_of_another_version_is_not_an_unbuilt_one(teams: Teams) -> None:
    """Every file differs from what this one writes, but what the fleet gave up is gone."""
    teams.step("web", DRAINED)
    teams.say("web", "")
    assert teams.build().code == 0
    for file in teams.output.glob("c*/**/*.yaml"):
        file.write_text(file.read_text() + "# of another version\n")
    commit(teams.root, "built by another version")
    assert teams.guard() == []


def test_MG650_fires_when_git_takes_an_exposure_back_until_a_build_here_or_a_remote_has_it(
    teams: Teams, tmp_path: Path
) -> None:
    teams.step("web", DRAINED)
    teams.step("web", "")
    exposed = teams.step("web", WEB)
    teams.git("revert", "--no-edit", "HEAD")
    assert teams.guard() == [f"{CUT}{exposed[:12]}"]
    assert teams.clone(tmp_path / "clone").guard() == []
    assert teams.build("--allow-withdrawal").code == 0
    assert teams.guard() == []
