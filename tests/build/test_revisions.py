"""What was in use before is what the fleet of an earlier commit meant, whatever stands in the tree on disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.build.teams import API, CUT, DRAINED, WEB, Teams, shown
from tests.git.support import commit, put

if TYPE_CHECKING:
    from pathlib import Path


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
