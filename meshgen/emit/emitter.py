"""How a kind of artifact is registered: what of a plan it is made of, when it is applied, and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from meshgen.emit.artifact import Artifact, Schema, Stage, kubernetes_object
from meshgen.emit.metadata import metadata
from meshgen.emit.reasons import Reason
from meshgen.plan.model import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import ClusterPlan, Origin, Plan


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What an emitter sees: the plan of one cluster, of the fleet's plan what its clusters share, and what other
    emitters write.
    """

    plan: Plan
    cluster: ClusterPlan
    written: Written
    _made: dict[int, tuple[Artifact, ...]] = field(default_factory=dict)

    def artifacts(self, emitter: Emitter) -> tuple[Artifact, ...]:
        """What an emitter writes for the cluster, made once."""
        made = self._made.get(id(emitter))
        if made is None:
            made = self._made[id(emitter)] = tuple(emitter.artifacts(self))
        return made


Written: TypeAlias = "dict[tuple[int, int], Artifact]"
"""What was written of an item of the plan, by emitter and item: clusters share items, and an item gives the same
content everywhere. Good for one plan, as long as it lives."""
_KEPT = 2**13
"""How many artifacts are kept: what clusters share is soon seen again, and memory must not grow with the fleet."""


class Emitter(Protocol):
    """Writes one kind of artifact."""

    @property
    def reasons(self) -> Reasons:
        """Why each field that it writes says what it says."""
        ...

    def identities(self, scope: Scope) -> Iterator[Identity]:
        """The Kubernetes objects that it writes for a cluster, without writing them."""
        ...

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        """What it writes for a cluster."""
        ...


class _Planned(Protocol):
    @property
    def origin(self) -> Origin: ...


Item = TypeVar("Item", bound=_Planned)


def _nothing(_scope: Scope, _item: Any) -> dict[str, str]:
    return {}


EVERY_OBJECT: Reasons = {
    "apiVersion": Reason("the newest version that all supported releases serve"),
    "kind": Reason("the kind"),
    "metadata labels app.kubernetes.io/managed-by": Reason("keeps it out of the inventory as somebody else's (MG373)"),
    "metadata annotations meshgen.io/source": Reason("the item of the fleet that it comes from (design §5)"),
    "metadata annotations argocd.argoproj.io/sync-wave": Reason("its stage, for Argo CD (ADR 12)"),
}
"""What all objects have in common."""
_OF_TETRATE = ".tetrate.io"
_LATER = {"argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"}
_WHY_LATER: Reasons = {
    "metadata annotations argocd.argoproj.io/sync-options": Reason(
        "the kind comes with Tetrate's operator, maybe later; a kind of Istio's that is missing is an error"
    )
}


@dataclass(frozen=True, slots=True)
class ObjectEmitter(Generic[Item]):
    """Writes one kind of Kubernetes object, one for each item of the plan."""

    schema: Schema
    stage: Stage
    items: Callable[[Scope], Iterable[Item]]
    """What of the plan becomes an object."""
    name: Callable[[Item], str]
    namespace: Callable[[Scope, Item], str]
    """Empty for objects of the cluster."""
    fields: Callable[[Scope, Item], dict[str, Any]]
    """Everything after the metadata, mostly a `spec`; of the item and the fleet's plan, never of the cluster's."""
    own_reasons: Reasons
    """Reasons of its fields, besides those of `EVERY_OBJECT`."""
    namespaced: bool = True
    """Whether objects of the kind stand in namespaces."""
    labels: Callable[[Scope, Item], dict[str, str]] = _nothing
    """Labels besides those that every object has."""
    annotations: Callable[[Scope, Item], dict[str, str]] = _nothing
    """Annotations besides those that every object has."""

    @property
    def reasons(self) -> Reasons:
        return {**EVERY_OBJECT, **(_WHY_LATER if self._comes_later else {}), **self.own_reasons}

    @property
    def _comes_later(self) -> bool:
        """Whether somebody else installs the kind."""
        return self.schema.group.endswith(_OF_TETRATE)

    def identities(self, scope: Scope) -> Iterator[Identity]:
        for item in self.items(scope):
            yield Identity(
                scope.cluster.cluster, *self.schema, self.namespace(scope, item), self.name(item), item.origin
            )

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        cluster, written = scope.cluster.cluster, scope.written
        for item in self.items(scope):
            key = (id(self), id(item))
            known = written.get(key)
            if known is None:
                if len(written) >= _KEPT:
                    written.clear()
                known = written[key] = self._write(scope, item)
            yield known if known.cluster == cluster else known.in_cluster(cluster)

    def _write(self, scope: Scope, item: Item) -> Artifact:
        later = _LATER if self._comes_later and scope.plan.delivery is not None else {}
        return kubernetes_object(
            scope.cluster.cluster,
            self.schema,
            metadata(
                self.name(item),
                self.namespace(scope, item),
                item.origin,
                self.stage,
                labels=self.labels(scope, item),
                annotations=self.annotations(scope, item) | later,
            ),
            self.fields(scope, item),
            item.origin,
            self.stage,
        )
