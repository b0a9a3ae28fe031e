"""From the plan to artifacts: the files of the output tree, cluster by cluster."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from meshgen.emit.emitter import Scope
from meshgen.emit.registry import emitters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter
    from meshgen.plan.model import ClusterPlan, Identity, Plan


def emit(plan: Plan, cluster: ClusterPlan) -> Iterator[Artifact]:
    """Every file for one cluster of the plan; same plan, same bytes."""
    return (artifact for _, artifact in written(plan, cluster))


def written(plan: Plan, cluster: ClusterPlan) -> Iterator[tuple[Emitter, Artifact]]:
    """Every file for one cluster of the plan, and what writes it."""
    scope = Scope(plan, cluster)
    for emitter in emitters(plan.platform):
        yield from ((emitter, artifact) for artifact in emitter.artifacts(scope))


def emit_fleet(plan: Plan) -> tuple[Artifact, ...]:
    """Every file for every cluster, sorted by path."""
    artifacts = (artifact for cluster in plan.clusters for artifact in emit(plan, cluster))
    return tuple(sorted(artifacts, key=attrgetter("path")))


def identities(plan: Plan, cluster: ClusterPlan) -> Iterator[Identity]:
    """The Kubernetes objects that `emit` writes for one cluster of the plan, without writing them."""
    scope = Scope(plan, cluster)
    for emitter in emitters(plan.platform):
        yield from emitter.identities(scope)
