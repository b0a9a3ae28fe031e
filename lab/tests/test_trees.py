"""What Argo CD does with the committed trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.gitops import read_tree
from lab.health import missing_for_health
from lab.order import ordered

if TYPE_CHECKING:
    from lab.order import Task

ROOT = Path(__file__).parents[2]
TREES = [
    directory
    for output in [ROOT / "output", *sorted(ROOT.glob("examples/*/output"))]
    for directory in sorted(output.iterdir())
    if directory.is_dir() and not directory.name.startswith((".", "_"))
]
_ENTRIES = {"ServiceEntry", "WorkloadEntry"}


def _tasks(tree: Path) -> list[Task]:
    return ordered(read_tree(tree), [])


def _waves(tasks: list[Task], kinds: set[str]) -> list[int]:
    return [task.wave for task in tasks if task.key.kind in kinds and task.key.group.endswith("istio.io")]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(tree.relative_to(ROOT)))
@pytest.mark.parametrize(
    ("earlier", "later"),
    [({"DestinationRule"}, _ENTRIES), (_ENTRIES, {"VirtualService"})],
    ids=["rules before entries", "entries before routes"],
)
def test_policies_of_a_host_are_there_before_what_they_are_for(tree: Path, earlier: set[str], later: set[str]) -> None:
    tasks = _tasks(tree)
    first, then = _waves(tasks, earlier), _waves(tasks, later)
    assert not first or not then or max(first) < min(then)


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(tree.relative_to(ROOT)))
def test_a_gateway_that_is_not_healthy_holds_up_nothing(tree: Path) -> None:
    """Argo CD waits for the health of what a wave applied before it begins the next one."""
    tasks = _tasks(tree)
    waited_for = [task for task in tasks if missing_for_health(task.body)]
    assert [str(task.key) for task in waited_for if task.wave < tasks[-1].wave] == []
