"""Every emitted object against its schema and the API server's limits, in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, Note, diagnose
from meshgen.verify.schemas import file_of, validator
from meshgen.verify.violations import violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.emit.artifact import Artifact, Schema

_LARGEST_OBJECT = 2**20
_LARGEST_ANNOTATIONS = 256 * 2**10
_MOST_JSON_OF_YAML = 3
_REPORT = "Correct the value in the fleet; if the fleet is right, this is a fault of meshgen, so please report it."

_Identity = tuple[str, str, str, str, str]


def verify(artifacts: Iterable[Artifact]) -> list[Diagnostic]:
    """What is wrong with `artifacts`: MG501 to MG506, each at the input behind the object.

    Files that are no objects have no schema to keep. Raises FileNotFoundError when meshgen's own schemas are missing:
    a broken installation.
    """
    found: list[Diagnostic] = []
    identities: dict[_Identity, Artifact] = {}
    paths: dict[str, Artifact] = {}
    for artifact in artifacts:
        if artifact.schema is not None:
            found += _against_schema(artifact, artifact.schema)
            found += _sizes(artifact)
            twin = identities.setdefault(_identity(artifact, artifact.schema), artifact)
            if twin is not artifact:
                found.append(_twice(artifact, twin))
                continue
        neighbour = paths.setdefault(artifact.path.casefold(), artifact)
        if neighbour is not artifact:
            found.append(_same_path(artifact, neighbour))
    return found


def _against_schema(artifact: Artifact, schema: Schema) -> Iterator[Diagnostic]:
    check = validator(*schema)
    if check is None:
        yield _diagnostic(
            "MG502",
            artifact,
            f"no schema for `{schema.api_version}` `{schema.kind}`: meshgen has no `schemas/{file_of(*schema)}`",
            "Add a schema of the kind, or report the object as a fault of meshgen.",
        )
        return
    if not check.takes(artifact):
        for violation in violations(check.errors(artifact.body)):
            yield _refused(artifact, violation.pointer, violation.text)


def _refused(artifact: Artifact, pointer: str, text: str) -> Diagnostic:
    return _diagnostic("MG501", artifact, f"`{artifact.path}` is no valid object at `{pointer}`: {text}", _REPORT)


def _sizes(artifact: Artifact) -> Iterator[Diagnostic]:
    if len(artifact.content) * _MOST_JSON_OF_YAML > _LARGEST_OBJECT:
        size = _json_size(artifact.body)
        if size > _LARGEST_OBJECT:
            yield _diagnostic(
                "MG505",
                artifact,
                f"`{artifact.path}` has {size} bytes, the API server takes {_LARGEST_OBJECT}",
                "Split what the object is made of, for example a workspace with too many exposed services.",
            )
    if len(artifact.content) > _LARGEST_ANNOTATIONS:
        annotations = artifact.metadata.get("annotations", {})
        total = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
        if total > _LARGEST_ANNOTATIONS:
            yield _diagnostic(
                "MG506",
                artifact,
                f"`{artifact.path}` has {total} bytes of annotations, Kubernetes takes {_LARGEST_ANNOTATIONS}",
                "Shorten the annotations in the fleet.",
            )


def _json_size(body: dict[str, Any]) -> int:
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _twice(artifact: Artifact, twin: Artifact) -> Diagnostic:
    return _diagnostic(
        "MG503",
        artifact,
        f"`{artifact.path}` is emitted twice",
        "Let one of the two inputs go, or give them different names.",
        twin,
    )


def _same_path(artifact: Artifact, neighbour: Artifact) -> Diagnostic:
    return _diagnostic(
        "MG504",
        artifact,
        f"two objects want one file: `{artifact.path}` and `{neighbour.path}` are the same name on some file systems",
        "Rename one of the two; case alone does not tell files apart everywhere.",
        neighbour,
    )


def _diagnostic(code: str, artifact: Artifact, message: str, help_: str, other: Artifact | None = None) -> Diagnostic:
    spans = artifact.origin.spans
    notes: tuple[Note, ...] = ()
    if other is not None and other.origin.spans:
        notes = (Note(other.origin.spans[0], f"the other one comes from `{other.origin.name}`"),)
    return diagnose(code, message, spans[0] if spans else None, help_, notes, object=artifact.origin.name)


def _identity(artifact: Artifact, schema: Schema) -> _Identity:
    """Cluster, group, kind, namespace, name; the version does not make another object."""
    return artifact.cluster, schema.group, schema.kind, artifact.namespace, artifact.name
