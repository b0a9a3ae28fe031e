"""What the local state keeps of a build where no commit has its output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.plan.diff import Use, uses
from meshgen.plan.model import GatewayAddress
from meshgen.revisions.meant import document, parsed, remember, remembered
from meshgen.tree import TreeError
from tests.fleets import HAS, LACKS, compiled
from tests.git.support import commit, git, init

if TYPE_CHECKING:
    from pathlib import Path

WEB = "web.shop.svc.cluster.local"
TO_C1 = Use("c2", WEB, GatewayAddress("c1", "shop", "ew"))
TO_C2 = Use("c1", WEB, GatewayAddress("c2", "shop", "ew"))


def test_the_document() -> None:
    assert json.loads(document(compiled(HAS).plan)) == {"c1": {"c2/shop/ew": [WEB]}, "c2": {"c1/shop/ew": [WEB]}}


@pytest.mark.parametrize("fleet", [HAS, LACKS])
def test_the_uses_of_a_plan_come_back(fleet: str) -> None:
    plan = compiled(fleet).plan
    assert parsed(document(plan)) == uses(plan) != frozenset()


def test_clusters_that_were_not_written_keep_what_they_did() -> None:
    assert parsed(document(compiled(LACKS).plan, [TO_C1], frozenset({"c1"}))) == {TO_C1, TO_C2}
    assert parsed(document(compiled(LACKS).plan, [TO_C1], frozenset({"c2"}))) == frozenset()


def test_a_build_of_all_clusters_forgets_those_that_left_the_fleet() -> None:
    assert parsed(document(compiled(LACKS).plan, [TO_C1])) == {TO_C2}


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("a/b/c"), inner),
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_a_broken_document_says_nothing_and_raises_nothing(content: bytes) -> None:
    assert all(len(use.gateway) == 3 for use in parsed(content))


def test_git_does_not_see_it(tmp_path: Path) -> None:
    init(tmp_path)
    remember(tmp_path / "output", document(compiled(HAS).plan))
    assert remembered(tmp_path / "output") == {TO_C1, TO_C2}
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""
    commit(tmp_path)
    assert git(tmp_path, "ls-files") == ""


def test_what_does_not_change_is_not_written_again(tmp_path: Path) -> None:
    content = document(compiled(HAS).plan)
    remember(tmp_path, content)
    (file,) = tmp_path.rglob("meant.json")
    before = file.stat().st_ino
    remember(tmp_path, content)
    assert file.stat().st_ino == before
    remember(tmp_path, document(compiled(LACKS).plan))
    assert remembered(tmp_path) == {TO_C2}
    assert sorted(path.name for path in file.parent.iterdir()) == [".gitignore", "meant.json"]


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / ".meshgen").write_text("in the way")
    with pytest.raises(TreeError) as error:
        remember(tmp_path, b"{}")
    assert [found.code for found in error.value.diagnostics] == ["MG612"]
