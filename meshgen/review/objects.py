"""Which files of the output a change adds, changes and removes, and how."""

from __future__ import annotations

from collections import Counter
from difflib import unified_diff
from typing import TYPE_CHECKING, Literal

from meshgen.emit import emit
from meshgen.review.model import ObjectChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Written
    from meshgen.plan.model import Plan


def object_changes(old: Plan, new: Plan) -> Iterator[ObjectChange]:
    """Every file that differs, cluster by cluster, so that no more than one cluster of each plan is in memory."""
    names = sorted({cluster.cluster for plan in (old, new) for cluster in plan.clusters})
    before, after = _Emission(old), _Emission(new)
    for name in names:
        was, will = before.of(name), after.of(name)
        for path in sorted(was.keys() | will.keys()):
            if path not in was:
                yield _change(path, None, will[path])
            elif path not in will:
                yield _change(path, was[path], None)
            elif was[path].content != will[path].content:
                yield _change(path, was[path], will[path])


def by_directory(objects: Iterable[ObjectChange]) -> dict[str, Counter[str]]:
    """Directory of the output → how many of its files are added, changed and removed."""
    found: dict[str, Counter[str]] = {}
    for item in objects:
        found.setdefault(item.directory, Counter())[item.change] += 1
    return found


class _Emission:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clusters = {cluster.cluster: cluster for cluster in plan.clusters}
        self._written: Written = {}

    def of(self, name: str) -> dict[str, Artifact]:
        """Path → file of one cluster; none where the fleet has it not."""
        cluster = self._clusters.get(name)
        return {} if cluster is None else {item.path: item for item in emit(self._plan, cluster, self._written)}


def _change(path: str, old: Artifact | None, new: Artifact | None) -> ObjectChange:
    cluster, kind = next((item.cluster, item.kind) for item in (new, old) if item is not None)
    was, will = ([] if item is None else item.content.decode().splitlines() for item in (old, new))
    one, other = (path if item is not None else "/dev/null" for item in (old, new))
    diff = tuple(unified_diff(was, will, one, other, lineterm=""))
    change: Literal["added", "changed", "removed"] = "added" if old is None else "removed" if new is None else "changed"
    return ObjectChange(cluster, path, kind, change, diff)
