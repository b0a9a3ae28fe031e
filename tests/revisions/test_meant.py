"""What the local state keeps of a build where no commit has its output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.revisions import Now
from meshgen.revisions.meant import Memory, document, parsed, remember, remembered
from meshgen.tree import TreeError
from tests.fleets import HAS, LACKS, compiled, fleet
from tests.git.support import commit, git, init

if TYPE_CHECKING:
    from pathlib import Path

WEB = "web.shop.svc.cluster.local"
SOURCES = {"fleet.yaml": fleet(HAS)}
LATER = {"fleet.yaml": fleet(LACKS)}
BOTH = ("c1", "c2")


def whole(sources: dict[str, str], before: Memory = Memory()) -> bytes:  # noqa: B008 - it never changes
    return document(sources, BOTH, before, whole=True, committed=False)


def now(sources: dict[str, str]) -> Now:
    found = compiled(*sources.values())
    return Now(sources, found.calls, found.compilation.checked.published, found.plan)


def calls(memory: Memory, sources: dict[str, str] = LATER) -> dict[tuple[str, str], frozenset[str]]:
    """Whom the callers of which host were sent to, as far as the memory tells."""
    return {key: known.reach.clusters for key, known in memory.past(now(sources)).items()}


def test_a_fleet_is_kept_once_for_all_clusters() -> None:
    kept = json.loads(whole(SOURCES))
    assert list(kept["fleets"].values()) == [list(SOURCES.values())]
    assert kept["clusters"] == dict.fromkeys(BOTH, *kept["fleets"])


def test_how_calls_were_reached_comes_back() -> None:
    assert calls(parsed(whole(SOURCES))) == {("c1", WEB): {"c2"}, ("c2", WEB): {"c1"}}
    assert calls(parsed(whole(LATER))) == {("c1", WEB): {"c2"}}


def test_clusters_that_were_not_written_keep_what_they_did() -> None:
    before = parsed(whole(SOURCES))
    one = parsed(document(LATER, ["c1"], before, whole=False, committed=False))
    assert calls(one) == {("c1", WEB): {"c2"}, ("c2", WEB): {"c1"}}
    other = parsed(document(LATER, ["c2"], one, whole=False, committed=False))
    assert calls(other) == {("c1", WEB): {"c2"}}
    assert len(other.fleets) == 1


def test_a_build_of_all_clusters_forgets_those_that_left_the_fleet() -> None:
    before = parsed(whole(SOURCES))
    after = parsed(document(LATER, ["c1"], before, whole=True, committed=False))
    assert list(after.clusters) == ["c1"]


def test_what_a_commit_holds_is_kept_by_name_only() -> None:
    memory = parsed(document(SOURCES, BOTH, Memory(), whole=True, committed=True))
    assert memory.holds(SOURCES, BOTH)
    assert not memory.holds(LATER, BOTH)
    assert not memory.tells
    assert calls(memory) == {}


def test_a_fleet_that_cannot_be_read_any_more_says_nothing() -> None:
    assert calls(parsed(whole({"fleet.yaml": "kind: ["}))) == {}


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["clusters", "fleets"]), inner),
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_a_broken_document_says_nothing_and_raises_nothing(content: bytes) -> None:
    memory = parsed(content)
    assert all(isinstance(text, str) for texts in memory.fleets.values() for text in texts)
    assert parsed(json.dumps({"clusters": dict(memory.clusters), "fleets": dict(memory.fleets)}).encode()) == memory


def test_git_does_not_see_it(tmp_path: Path) -> None:
    init(tmp_path)
    remember(tmp_path / "output", whole(SOURCES))
    assert remembered(tmp_path / "output").holds(SOURCES, BOTH)
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""
    commit(tmp_path)
    assert git(tmp_path, "ls-files") == ""


def test_what_does_not_change_is_not_written_again(tmp_path: Path) -> None:
    content = whole(SOURCES)
    remember(tmp_path, content)
    (file,) = tmp_path.rglob("meant.json")
    before = file.stat().st_ino
    remember(tmp_path, content)
    assert file.stat().st_ino == before
    remember(tmp_path, whole(LATER))
    assert remembered(tmp_path).holds(LATER, BOTH)
    assert sorted(path.name for path in file.parent.iterdir()) == [".gitignore", "meant.json"]


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / ".meshgen").write_text("in the way")
    with pytest.raises(TreeError) as error:
        remember(tmp_path, b"{}")
    assert [found.code for found in error.value.diagnostics] == ["MG612"]
