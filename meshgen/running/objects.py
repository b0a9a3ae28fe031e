"""The objects of one cluster against those that the plan emits for it: missing, different, left over."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from meshgen.analysis.labels import LABELS
from meshgen.diagnostics import diagnose
from meshgen.diagnostics.model import Cause
from meshgen.diagnostics.several import begun
from meshgen.emit.metadata import SOURCE
from meshgen.live import Resource
from meshgen.live.errors import NotFoundError
from meshgen.running.differences import changed_by, differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.emit.artifact import Artifact, Schema

Object = dict[str, Any]
_ASKED_BY_NAME = 20
"""How many objects of a kind are asked for by name where the list of ours lacks them: somebody took the label away."""
_SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())


class Reader(Protocol):
    """What is needed of an API server (`meshgen.live.Api`)."""

    def json(self, path: str) -> Any: ...

    def items(self, resource: Resource, *, labels: str = "") -> list[Object]: ...


class Id(NamedTuple):
    """An object of a cluster."""

    group: str
    kind: str
    namespace: str
    """Empty: of the cluster."""
    name: str

    def __str__(self) -> str:
        return f"{self.kind} `{f'{self.namespace}/' if self.namespace else ''}{self.name}`"


@dataclass(slots=True)
class Compared:
    """What came of comparing."""

    findings: list[Diagnostic] = field(default_factory=list)
    wrong: set[Id] = field(default_factory=set)
    """The planned objects that are not there, or say something else."""
    same: int = 0
    """How many are there and the same."""


def identity(artifact: Artifact) -> Id:
    """The object that an artifact is."""
    return Id(artifact.group, artifact.kind, artifact.namespace, artifact.name)


def compare_objects(api: Reader, cluster: str, artifacts: Sequence[Artifact], kinds: Iterable[Schema]) -> Compared:
    """Compare what `cluster` holds with its synced `artifacts`; `kinds`: all that may have been emitted for it.

    One request for the resources of each API version, one list a kind, and one for each object that a list lacks.
    Raises `LiveError`.
    """
    compared = Compared()
    wanted: dict[Schema, dict[Id, Artifact]] = defaultdict(dict)
    for artifact in artifacts:
        if artifact.schema is not None and artifact.synced:
            wanted[artifact.schema][identity(artifact)] = artifact
    served: dict[str, dict[str, Resource]] = {}
    for schema in sorted({*wanted, *kinds}):
        if schema.api_version not in served:
            served[schema.api_version] = _served(api, schema)
        resource = served[schema.api_version].get(schema.kind)
        if resource is None:
            _without_kind(cluster, schema, list(wanted[schema].values()), compared)
        else:
            _compare_kind(api, cluster, resource, wanted[schema], compared)
    return compared


def _served(api: Reader, schema: Schema) -> dict[str, Resource]:
    """The resources of an API version by kind; none where the cluster does not have it."""
    root = f"/apis/{schema.api_version}" if schema.group else f"/api/{schema.api_version}"
    try:
        answer = api.json(root)
    except NotFoundError:
        return {}
    return {
        str(each["kind"]): Resource(schema.group, schema.version, str(each["name"]), str(each["kind"]))
        for each in answer.get("resources", [])
        if "/" not in str(each["name"])
    }


def _without_kind(cluster: str, schema: Schema, lacking: Sequence[Artifact], compared: Compared) -> None:
    if not lacking:
        return
    compared.wrong |= {identity(artifact) for artifact in lacking}
    names = begun([f"`{artifact.name}`" for artifact in lacking])
    compared.findings.append(
        diagnose(
            "MG760",
            f"`{cluster}` does not have the kind {schema.kind} of `{schema.api_version}`, so it lacks {names}",
            _place(lacking[0]),
            "Install the CustomResourceDefinition: it comes with the product whose kind it is.",
            object=f"cluster/{cluster}",
        )
    )


def _compare_kind(
    api: Reader, cluster: str, resource: Resource, wanted: dict[Id, Artifact], compared: Compared
) -> None:
    found = {_found(resource, item): item for item in api.items(resource, labels=_SELECTOR)}
    asked = 0
    for key, artifact in wanted.items():
        item = found.pop(key, None)
        if item is None and asked < _ASKED_BY_NAME:
            asked += 1
            item = _by_name(api, resource, artifact)
        if item is None or (item.get("metadata") or {}).get("deletionTimestamp"):
            compared.wrong.add(key)
            compared.findings.append(_missing(cluster, key, artifact, deleted=item is not None))
        elif finding := _different(cluster, key, artifact, item):
            compared.wrong.add(key)
            compared.findings.append(finding)
        elif messages := _refusals(item):
            compared.wrong.add(key)
            compared.findings.append(not_taken(cluster, artifact, f"its status says {begun(messages)}"))
        else:
            compared.same += 1
    for key, item in sorted(found.items()):
        metadata = item.get("metadata") or {}
        # What controllers make of our objects carries their labels, and goes with them.
        if not metadata.get("ownerReferences") and not metadata.get("deletionTimestamp"):
            compared.findings.append(_left_over(cluster, key, metadata))


def _found(resource: Resource, item: Object) -> Id:
    metadata = item.get("metadata") or {}
    return Id(resource.group, resource.kind, str(metadata.get("namespace", "")), str(metadata.get("name", "")))


def _by_name(api: Reader, resource: Resource, artifact: Artifact) -> Object | None:
    try:
        found: Object = api.json(resource.path(artifact.namespace, artifact.name))
    except NotFoundError:
        return None
    return found


def _missing(cluster: str, key: Id, artifact: Artifact, *, deleted: bool) -> Diagnostic:
    said = "is being deleted" if deleted else "is not there"
    return diagnose(
        "MG760",
        f"{key} {said} in `{cluster}`",
        _place(artifact),
        "Sync the cluster; where the engine says that it is synced, look at what it reports of this object.",
        object=f"{cluster}/{key.kind}/{key.namespace}/{key.name}",
        cause=Cause(f"{{names}} are not there in `{cluster}`", f"cluster/{cluster}", str(key), f"makes {key}"),
    )


def _different(cluster: str, key: Id, artifact: Artifact, item: Object) -> Diagnostic | None:
    own_kind, whole = "." not in key.group or key.group.endswith(".k8s.io"), key.group.endswith(".istio.io")
    found = differences(artifact.body, item, own_kind=own_kind, whole=whole)
    if not found:
        return None
    added = any(each.wanted is None for each in found)
    managers = dict.fromkeys(filter(None, (changed_by(item, each.path) for each in found)))
    who = f"; written last by {begun([f'`{name}`' for name in managers])}" if managers else ""
    return diagnose(
        "MG761",
        f"{key} in `{cluster}` is not as emitted: {begun([each.said for each in found])}{who}",
        _place(artifact),
        "Sync the cluster; what somebody changes by hand belongs into the fleet, and an engine that heals itself takes "
        f"it back.{' What somebody added has to be removed by hand.' if added else ''}",
        object=f"{cluster}/{key.kind}/{key.namespace}/{key.name}",
    )


def _refusals(item: Object) -> list[str]:
    """What Istio's analysis says against an object, where it runs (PILOT_ENABLE_ANALYSIS); mostly it does not."""
    status = item.get("status")
    messages = status.get("validationMessages") if isinstance(status, dict) else None
    return [
        f"`{(message.get('type') or {}).get('code', '')} {(message.get('type') or {}).get('name', '')}`"
        for message in messages or []
        if message.get("level") in ("ERROR", 3)  # AnalysisMessageBase.Level of istio.io/api
    ]


def not_taken(cluster: str, artifact: Artifact, why: str) -> Diagnostic:
    """MG763 for an object of ours that is there and that Istio does not go by."""
    key = identity(artifact)
    return diagnose(
        "MG763",
        f"istiod of `{cluster}` does not take {key}: {why}",
        _place(artifact),
        "Look at istiod's log for the name; a label `istio.io/rev`, `discoverySelectors` and another istiod for the "
        "cluster are the usual reasons.",
        object=f"{cluster}/{key.kind}/{key.namespace}/{key.name}",
        cause=Cause(
            f"istiod of `{cluster}` does not take {{names}}: {why}", f"cluster/{cluster}", str(key), f"makes {key}"
        ),
    )


def _left_over(cluster: str, key: Id, metadata: Object) -> Diagnostic:
    source = str((metadata.get("annotations") or {}).get(SOURCE, ""))
    of = f", of `{source}`" if source else ""
    return diagnose(
        "MG762",
        f"{key} in `{cluster}` is ours{of}, and the plan does not have it",
        None,
        "Let the engine prune it, or delete it: what is left of an earlier fleet still counts for the mesh.",
        object=f"{cluster}/{key.kind}/{key.namespace}/{key.name}",
        cause=Cause(
            f"{{names}} in `{cluster}` are ours, and the plan does not have them",
            f"cluster/{cluster}",
            str(key),
            "",
        ),
    )


def _place(artifact: Artifact) -> Span | None:
    return artifact.origin.spans[0] if artifact.origin.spans else None
