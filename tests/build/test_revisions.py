"""What was in use before is what the fleet of an earlier commit meant, whatever stands in the tree on disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.plan import plan
from meshgen.revisions import compile as compiling
from meshgen.revisions import history
from tests.build.conftest import Project
from tests.fleets import fleet
from tests.git.support import commit, git, init, put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meshgen.plan.model import Plan

WEB = "web.web.svc.cluster.local"
API = "api.api.svc.cluster.local"
CUT = f"`{WEB}` would no longer be exposed by `c1`, but `c2` still calls it there, as of commit "
UNKNOWN = "nobody knows what is in use"
PLATFORM = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
---
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: web}, {name: api}]
  services:
  - {name: web, namespace: web, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: api, namespace: api, selector: {app: api}, ports: [{name: http, port: 80}], serviceAccounts: [api]}
  gateways:
  - {name: ew, namespace: web, addresses: [198.51.100.1]}
  - {name: ew, namespace: api, addresses: [198.51.100.2]}
---
kind: Inventory
metadata: {name: c2}
spec: {namespaces: [{name: web}, {name: api}]}
"""


def shown(host: str, namespace: str) -> str:
    """A host that clients of one namespace see."""
    return f"{{host: {host}, consumerNamespaces: [{namespace}]}}"


DRAINED = f"{{host: {WEB}, state: draining}}"


def team(name: str, exposed: str) -> str:
    return fleet(f"""
kind: Workspace
metadata: {{name: {name}}}
spec:
  namespaceSelector: {{names: ["*/{name}"]}}
  eastWestGateway: {{name: ew, namespace: {name}}}
  exposedServices: [{exposed}]
""")


class Teams(Project):
    """A repository with a fleet of two teams, a file each."""

    def say(self, name: str, exposed: str) -> None:
        """What a team exposes."""
        put(self.fleet, f"{name}.yaml", team(name, exposed))

    def step(self, name: str, exposed: str, *arguments: str) -> str:
        """Say it, build, commit: the id of the commit."""
        self.say(name, exposed)
        outcome = self.build(*arguments)
        assert outcome.code == 0, outcome.said
        return commit(self.root, f"{name}: {exposed}")

    def git(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        return git(self.root, *arguments, codes=codes)

    def guard(self, *arguments: str) -> list[str]:
        """Whom a build would cut off."""
        return self.build("--check", *arguments).messages("MG650")

    def clone(self, to: Path, *arguments: str) -> Teams:
        git(self.root, "clone", "--quiet", *arguments, self.root.as_uri(), str(to))
        return replace(self, root=to)


@pytest.fixture
def teams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Teams:
    """Both teams' services are exposed, built and committed."""
    project = Teams(init(tmp_path / "work"), capsys)
    project.write(PLATFORM)
    project.say("api", API)
    project.step("web", WEB)
    return project


def test_MG650_fires_when_the_fleet_was_committed_before_it_was_built(teams: Teams) -> None:
    built = teams.git("rev-parse", "HEAD")
    teams.say("web", "")
    commit(teams.root, "withdraw web")
    assert teams.guard() == [f"{CUT}{built[:12]}"]


def test_MG650_fires_whatever_stands_in_the_tree_on_disk(teams: Teams) -> None:
    teams.say("web", "")
    shutil.rmtree(teams.output)
    assert len(teams.guard()) == 1
    put(teams.output, "c2/web/serviceentry.networking.istio.io_x.yaml", "<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    assert len(teams.guard()) == 1


def test_MG650_silent_when_what_goes_was_built_but_never_committed(teams: Teams) -> None:
    teams.git("checkout", "--quiet", "-b", "try")
    teams.step("web", DRAINED)
    teams.step("web", "")
    teams.say("web", WEB)
    assert teams.build().code == 0
    teams.say("web", "")
    assert teams.guard() == []


def test_MG650_fires_when_draining_was_built_but_never_committed(teams: Teams) -> None:
    teams.say("web", DRAINED)
    assert teams.build().code == 0
    teams.say("web", "")
    assert len(teams.guard()) == 1


def test_commits_that_leave_the_output_alone_do_not_count(teams: Teams) -> None:
    drained = teams.step("web", DRAINED)
    teams.say("web", WEB)
    commit(teams.root, "exposed again, but not built")
    teams.say("web", "")
    assert teams.guard() == []
    assert teams.guard("--against", "HEAD") == [f"{CUT}{teams.git('rev-parse', 'HEAD')[:12]}"]
    assert teams.guard("--against", drained) == []


def test_a_branch_that_drained_merged_with_one_that_exposes_needs_no_switch(teams: Teams) -> None:
    """Both change the output, so the merge is the last commit that did; it is what its fleet says."""
    teams.git("checkout", "--quiet", "-b", "drain")
    teams.step("web", DRAINED)
    teams.git("checkout", "--quiet", "main")
    teams.step("api", shown(API, "a"))
    teams.git("merge", "--quiet", "--no-edit", "drain")
    assert len(teams.git("rev-list", "--parents", "-1", "HEAD", "--", "output").split()) == 3
    assert teams.build("--check").code == 0
    teams.say("web", "")
    assert teams.build().messages("MG650") == []


def test_MG650_fires_while_merging_what_another_branch_withdrew(teams: Teams) -> None:
    """It drained and withdrew, but what is on this branch never saw the draining."""
    here = teams.git("rev-parse", "HEAD")
    teams.git("checkout", "--quiet", "-b", "withdraw")
    teams.step("web", DRAINED)
    teams.step("web", "")
    teams.git("checkout", "--quiet", "main")
    teams.git("merge", "--quiet", "--no-ff", "--no-commit", "withdraw")
    assert teams.guard() == [f"{CUT}{here[:12]}"]


def test_MG650_fires_when_a_merge_that_was_not_built_is_built_without_what_a_parent_uses(teams: Teams) -> None:
    """One branch exposes api to c2 only; the other has withdrawn it: the merged fleet, not yet built, has no api."""
    teams.step("api", f"{{host: {API}, state: draining}}")
    teams.git("checkout", "--quiet", "-b", "withdraw")
    teams.step("api", "")
    teams.git("checkout", "--quiet", "main")
    back = teams.step("api", API)
    teams.git("merge", "--quiet", "--no-commit", "withdraw", codes=(1,))
    teams.say("api", "")
    commit(teams.root, "merged, not built")
    assert teams.guard() == [
        f"`{API}` would no longer be exposed by `c1`, but `c2` still calls it there, as of commit {back[:12]}"
    ]


def test_a_conflict_in_the_output_needs_no_knowledge_of_the_files(teams: Teams) -> None:
    teams.git("checkout", "--quiet", "-b", "other")
    teams.step("web", shown(WEB, "a"))
    teams.git("checkout", "--quiet", "main")
    teams.step("web", shown(WEB, "b"))
    teams.git("merge", "--quiet", "other", codes=(1,))
    assert "<<<<<<<" in teams.git("diff", "--", "output")
    teams.say("web", shown(WEB, "c"))
    assert teams.guard() == []
    teams.say("web", "")
    assert len(teams.guard()) == 1


def test_after_a_merge_with_conflicts_nobody_needs_a_switch(teams: Teams) -> None:
    """People resolve the fleet; the output that git could not merge is built."""
    teams.git("checkout", "--quiet", "-b", "other")
    teams.step("web", shown(WEB, "a"))
    teams.git("checkout", "--quiet", "main")
    teams.step("web", shown(WEB, "b"))
    teams.git("merge", "--quiet", "other", codes=(1,))
    teams.step("web", shown(WEB, "a, b"))
    assert teams.build("--check").code == 0
    assert b"<<<<<<<" not in b"".join(teams.tree.values())


def test_after_a_rebase_with_conflicts_nobody_needs_a_switch(teams: Teams) -> None:
    teams.git("checkout", "--quiet", "-b", "other")
    teams.step("web", shown(WEB, "a"))
    teams.git("checkout", "--quiet", "main")
    teams.step("web", shown(WEB, "b"))
    teams.git("checkout", "--quiet", "other")
    teams.git("rebase", "--quiet", "main", codes=(1,))
    teams.say("web", shown(WEB, "a, b"))
    assert teams.build().code == 0
    teams.git("add", "--all")
    teams.git("rebase", "--continue")
    assert teams.build("--check").code == 0


def test_a_merge_that_git_made_alone_is_built_and_drained_and_withdrawn_without_a_switch(teams: Teams) -> None:
    teams.git("checkout", "--quiet", "-b", "other")
    teams.step("api", DRAINED.replace(WEB, API))
    teams.git("checkout", "--quiet", "main")
    teams.step("web", DRAINED)
    teams.git("merge", "--quiet", "--no-edit", "other")
    teams.step("web", DRAINED)
    teams.step("web", "")
    teams.step("api", "")
    assert teams.build("--check").code == 0


def test_while_rebasing_what_was_replayed_so_far_counts(teams: Teams) -> None:
    teams.git("checkout", "--quiet", "-b", "other")
    teams.step("web", shown(WEB, "a"))
    teams.git("checkout", "--quiet", "main")
    onto = teams.step("web", DRAINED)
    teams.git("checkout", "--quiet", "other")
    teams.git("rebase", "--quiet", "main", codes=(1,))
    assert teams.git("rev-parse", "HEAD") == onto
    teams.say("web", "")
    assert teams.guard() == []
    teams.git("rebase", "--abort")
    teams.say("web", "")
    assert len(teams.guard()) == 1


@pytest.mark.parametrize("variable", ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"])
def test_MG650_fires_in_CI_when_the_target_branch_never_saw_the_draining(
    teams: Teams, tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = teams.git("rev-parse", "HEAD")
    there = teams.clone(tmp_path / "clone")
    there.git("checkout", "--quiet", "-b", "withdraw")
    there.step("web", DRAINED)
    there.step("web", "")
    assert there.guard() == []
    monkeypatch.setenv(variable, "main")
    assert there.guard() == [f"{CUT}{main[:12]} of `origin/main`"]


def test_MG653_fires_in_CI_when_the_target_branch_was_not_fetched(
    teams: Teams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    outcome = teams.build("--check")
    assert (outcome.code, outcome.messages("MG653")) == (
        1,
        [f"the clone has no `origin/main`, into which this is to be merged: {UNKNOWN} there"],
    )
    assert teams.build("--check", "--against", "main").code == 0


@pytest.mark.parametrize("lacking", ["git", "ownership"])
def test_MG653_fires_in_a_clone_about_which_git_cannot_be_asked(
    teams: Teams, tmp_path: Path, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = teams.clone(tmp_path / "clone")
    if lacking == "git":
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    outcome = there.build("--check")
    assert (outcome.code, len(outcome.messages("MG653"))) == (1, 1)
    assert there.build("--check", "--allow-withdrawal").code == 0


def test_MG653_silent_about_what_git_cannot_say_before_the_first_build(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(PLATFORM)
    (project.root / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert project.build().code == 0


def test_MG653_silent_about_what_git_cannot_say_where_a_build_here_remembers(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(PLATFORM)
    project.build()
    (project.root / ".git").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert project.build("--check").code == 0


def test_MG653_fires_when_a_shallow_clone_hides_the_commit(teams: Teams, tmp_path: Path) -> None:
    teams.say("web", "")
    commit(teams.root, "withdraw web; not built")
    there = teams.clone(tmp_path / "clone", "--depth=1")
    outcome = there.build("--check")
    assert outcome.messages("MG653") == [
        f"the clone is shallow, and the commit that changed `{there.output}` last is not in it: {UNKNOWN}"
    ]
    there.git("fetch", "--quiet", "--unshallow")
    outcome = there.build("--check")
    assert (outcome.messages("MG653"), len(outcome.messages("MG650"))) == ([], 1)


def test_MG653_silent_when_the_output_of_a_shallow_clone_is_what_its_fleet_says(teams: Teams, tmp_path: Path) -> None:
    there = teams.clone(tmp_path / "clone", "--depth=1")
    assert there.build("--check").code == 0
    assert there.build("--check", "--cluster", "c2").code == 0
    there.say("web", "")
    outcome = there.build("--check")
    assert (outcome.messages("MG653"), len(outcome.messages("MG650"))) == ([], 1)


def test_MG653_fires_when_a_partial_clone_lacks_the_fleet_of_the_commit(teams: Teams, tmp_path: Path) -> None:
    teams.git("config", "uploadpack.allowFilter", "true")
    built = teams.git("rev-parse", "HEAD")
    teams.say("web", "")
    commit(teams.root, "withdraw web; not built")
    there = teams.clone(tmp_path / "clone", "--filter=blob:none")
    outcome = there.build("--check")
    assert outcome.messages("MG653") == [f"the clone is partial, and lacks files of commit {built[:12]}: {UNKNOWN}"]
    there.git("archive", "--output", str(tmp_path / "fetched.tar"), built, "fleet")
    assert len(there.guard()) == 1


def test_MG654_fires_when_the_fleet_of_the_commit_cannot_be_read(teams: Teams) -> None:
    teams.say("web", DRAINED)
    teams.build()
    put(teams.fleet, "broken.yaml", "kind: [")
    broken = commit(teams.root, "built, then broken")
    (teams.fleet / "broken.yaml").unlink()
    assert teams.build("--check").messages("MG654") == [
        f"commit {broken[:12]} changed the output, but its `{teams.fleet}` cannot be read: {UNKNOWN}"
    ]


def test_MG650_fires_when_files_of_the_fleet_are_links_within_the_repository(teams: Teams) -> None:
    (teams.fleet / "web.yaml").rename(put(teams.root, "teams/web.yaml", ""))
    (teams.fleet / "web.yaml").symlink_to("../teams/web.yaml")
    put(teams.output, "notes.txt", "of this commit")
    built = commit(teams.root, "linked")
    put(teams.root, "teams/web.yaml", team("web", ""))
    assert teams.guard() == [CUT + built[:12]]


def test_MG654_fires_when_a_file_of_the_fleet_is_a_link_that_leads_out_of_the_repository(
    teams: Teams, tmp_path: Path
) -> None:
    (teams.fleet / "web.yaml").rename(tmp_path / "web.yaml")
    (teams.fleet / "web.yaml").symlink_to(tmp_path / "web.yaml")
    put(teams.output, "notes.txt", "of this commit")
    built = commit(teams.root, "linked")
    (teams.fleet / "web.yaml").unlink()
    put(teams.fleet, "web.yaml", team("web", DRAINED))
    assert teams.build("--check").messages("MG654") == [
        f"commit {built[:12]} changed the output, but its `{teams.fleet}` has links that lead out of it: {UNKNOWN}"
    ]


def test_MG654_silent_when_a_later_commit_has_the_output_of_its_fleet(teams: Teams) -> None:
    teams.say("web", DRAINED)
    teams.build()
    put(teams.fleet, "broken.yaml", "kind: [")
    commit(teams.root, "built, then broken")
    (teams.fleet / "broken.yaml").unlink()
    commit(teams.root, "repaired")
    outcome = teams.build("--check")
    assert (outcome.code, outcome.messages("MG654")) == (0, [])


def test_a_fleet_that_moved_counts_once_it_is_committed(teams: Teams) -> None:
    teams.git("mv", "fleet", "mesh")
    moved = replace(teams, root=teams.root)
    arguments = ("build", str(teams.root / "mesh"), "-o", str(teams.output), "--check", "--kubeconform", "off")
    outcome = moved.run(*arguments, "--format", "concise")
    assert [text.partition(", but ")[2] for text in outcome.messages("MG654")] == [
        f"it has no `{teams.root / 'mesh'}`: {UNKNOWN}"
    ]
    assert "Commit a fleet that moved before you build it" in moved.run(*arguments).said
    commit(teams.root, "moved")
    assert moved.run(*arguments).code == 0


def test_MG654_silent_when_no_build_wrote_the_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    put(project.output, "README.md", "Manifests come here.")
    put(project.output, "c1/web/service.yaml", "kind: Service\n")
    commit(project.root, "a place for manifests")
    project.write(PLATFORM)
    project.say("web", WEB)
    outcome = project.build("--check")
    assert (outcome.messages("MG653"), outcome.messages("MG654")) == ([], [])


@pytest.mark.parametrize("revision", ["no-such-branch", "--help", ""])
def test_MG655_fires_when_there_is_no_such_commit(teams: Teams, revision: str) -> None:
    outcome = teams.build("--check", f"--against={revision}")
    assert (outcome.code, outcome.messages("MG655")) == (
        1,
        [f"`--against {revision}`: there is no such commit here"],
    )


def test_MG655_silent_when_there_is(teams: Teams) -> None:
    assert teams.build("--check", "--against", "main", "--against", "HEAD").code == 0


def test_MG655_fires_when_there_is_no_repository(project: Project) -> None:
    project.write(PLATFORM)
    assert project.build("--against", "main").messages("MG655") == ["`--against main`: it is in no Git repository"]


def test_against_may_name_several_commits(teams: Teams) -> None:
    first = teams.git("rev-parse", "HEAD")
    second = teams.step("web", DRAINED)
    teams.say("web", "")
    assert teams.guard("--against", second) == []
    assert len(teams.guard("--against", second, "--against", first)) == 1


def test_a_fleet_in_one_file_is_found_in_its_commit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(init(tmp_path / "work"), capsys)
    arguments = ("build", str(project.root / "fleet" / "mesh.txt"), "-o", str(project.output), "--kubeconform", "off")
    put(project.fleet, "mesh.txt", fleet(PLATFORM, team("web", WEB)))
    assert project.run(*arguments).code == 0
    commit(project.root)
    put(project.fleet, "mesh.txt", fleet(PLATFORM, team("web", "")))
    assert len(project.run(*arguments, "--format", "concise").messages("MG650")) == 1


@pytest.mark.parametrize("ignored", ["output", "fleet"])
def test_MG650_fires_by_the_local_state_where_git_does_not_track_fleet_or_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ignored: str
) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    put(project.root, ".gitignore", f"/{ignored}/\n")
    project.write(PLATFORM)
    for exposed in (WEB, DRAINED, WEB):
        project.step("web", exposed)
    project.say("web", "")
    assert [message.rpartition(", as of ")[2] for message in project.guard()] == ["the last build"]


def test_MG650_fires_by_the_local_state_where_fleet_and_output_are_in_two_repositories(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Teams(init(tmp_path / "work"), capsys)
    init(project.output)
    project.write(PLATFORM)
    project.say("web", WEB)
    assert project.build().code == 0
    commit(project.output)
    exposed = commit(project.root)
    project.say("web", "")
    assert [message.rpartition(", as of ")[2] for message in project.guard()] == ["the last build"]
    assert project.guard("--against", "HEAD") == [f"{CUT}{exposed[:12]}"]


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
