"""What the fleet's GitOps engine reads, under `_delivery`.

All of it is rendered by the engine (`meshgen/delivery`); a new one needs no line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.delivery import engine, engine_names
from meshgen.delivery.model import Kind, Object
from meshgen.emit.artifact import Schema, delivery_file, delivery_object
from meshgen.emit.emitter import EVERY_OBJECT, ObjectEmitter
from meshgen.emit.gate import JobEmitter
from meshgen.emit.metadata import SYNC_WAVE, unstaged_metadata
from meshgen.emit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from meshgen.delivery.facts import Document, Sort
    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Emitter, Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import Identity, PlannedDelivery

OBJECTS = (ObjectEmitter, JobEmitter)
"""What writes objects of clusters."""


def delivery_emitters(of_clusters: Callable[[str], tuple[Emitter, ...]]) -> tuple[DeliveryEmitter, ...]:
    """Those of every engine; `of_clusters`: platform → whatever writes what clusters get."""
    return tuple(DeliveryEmitter(name, sort, of_clusters) for name in engine_names() for sort in engine(name).sorts)


def kinds(emitters: Sequence[Emitter]) -> tuple[Kind, ...]:
    """Every kind of object that they may write for a cluster, sorted."""
    return tuple(
        sorted(
            {
                Kind(each.schema.group, each.schema.kind, each.namespaced)
                for each in emitters
                if isinstance(each, OBJECTS)
            }
        )
    )


@dataclass(frozen=True, slots=True)
class DeliveryEmitter:
    """Writes one sort of document of an engine."""

    engine: str
    sort: Sort
    of_clusters: Callable[[str], tuple[Emitter, ...]]
    """Platform → what writes the objects that are delivered."""

    @property
    def reasons(self) -> Reasons:
        own = {path: Reason(text) for path, text in self.sort.reasons.items()}
        if not self.sort.kind:
            return own
        return {**{path: reason for path, reason in EVERY_OBJECT.items() if SYNC_WAVE not in path}, **own}

    def identities(self, _scope: Scope) -> Iterator[Identity]:
        return iter(())

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        planned = scope.plan.delivery
        if planned is None or planned.content.engine != self.engine:
            return
        if scope.cluster is scope.plan.clusters[0]:
            for document in self.sort.of_fleet(planned.content, kinds(self.of_clusters(scope.plan.platform))):
                yield self._written(planned, "", document)
        if self.sort.of_cluster is not None:
            cluster = scope.cluster.cluster
            target = next(target for target in planned.content.targets if target.cluster == cluster)
            for document in self.sort.of_cluster(planned.content, target, self._objects(scope)):
                yield self._written(planned, cluster, document)

    def _objects(self, scope: Scope) -> list[Object]:
        found = [
            Object(*artifact.schema, artifact.namespace, artifact.name, artifact.path, artifact.stage)
            for emitter in self.of_clusters(scope.plan.platform)
            for artifact in scope.artifacts(emitter)
            if artifact.schema is not None and artifact.stage is not None
        ]
        return sorted(found, key=lambda item: (item.stage, item.path))

    def _written(self, planned: PlannedDelivery, cluster: str, document: Document) -> Artifact:
        if not self.sort.kind:
            return delivery_file(cluster, document.path, document.content, planned.origin)
        metadata = unstaged_metadata(
            document.name,
            planned.content.namespace,
            planned.origin,
            labels=document.labels,
            annotations=document.annotations,
        )
        schema = Schema(self.sort.api_version, self.sort.kind)
        return delivery_object(cluster, document.path, schema, metadata, document.content, planned.origin)
