"""From the plan to artifacts: the files of the output tree, cluster by cluster."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.emit.emitter import Scope
from meshgen.emit.registry import emitters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter, Written
    from meshgen.plan.model import ClusterPlan, Identity, Plan


def emit(plan: Plan, cluster: ClusterPlan, known: Written | None = None) -> Iterator[Artifact]:
    """Every file for one cluster of the plan; same plan, same bytes.

    `known`: the same mapping for all clusters of one plan, empty at first, lets what they share be written once.
    """
    return (artifact for _, artifact in written(plan, cluster, known))


def written(plan: Plan, cluster: ClusterPlan, known: Written | None = None) -> Iterator[tuple[Emitter, Artifact]]:
    """Every file for one cluster of the plan, and what writes it; `known` as for `emit`."""
    scope = Scope(plan, cluster, {} if known is None else known)
    for emitter in emitters(plan.platform):
        yield from ((emitter, artifact) for artifact in scope.artifacts(emitter))


def emit_fleet(plan: Plan) -> tuple[Artifact, ...]:
    """Every file for every cluster, sorted by path."""
    known: Written = {}
    artifacts = (artifact for cluster in plan.clusters for artifact in emit(plan, cluster, known))
    return tuple(sorted(artifacts, key=attrgetter("path")))


def identities(plan: Plan, cluster: ClusterPlan) -> Iterator[Identity]:
    """The Kubernetes objects that `emit` writes for one cluster of the plan, without writing them."""
    scope = Scope(plan, cluster, {})
    for emitter in emitters(plan.platform):
        yield from emitter.identities(scope)
