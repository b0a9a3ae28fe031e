"""Every emitted object against its schema and the API server's limits, in process."""

from __future__ import annotations

import json
import marshal
from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, Note, diagnose
from meshgen.verify.schemas import file_of, validator
from meshgen.verify.violations import violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.emit.manifest import Manifest

_LARGEST_OBJECT = 2**20
_LARGEST_ANNOTATIONS = 256 * 2**10
_MOST_BYTES_OF_A_CHARACTER = 6
_REPORT = "Correct the value in the fleet; if the fleet is right, this is a fault of meshgen, so please report it."

_Identity = tuple[str, str, str, str, str]


def verify(manifests: Iterable[Manifest]) -> list[Diagnostic]:
    """What is wrong with `manifests`: MG501 to MG506, each at the input behind the object.

    Raises FileNotFoundError when meshgen's own schemas are missing: a broken installation.
    """
    found: list[Diagnostic] = []
    identities: dict[_Identity, Manifest] = {}
    paths: dict[str, Manifest] = {}
    for manifest in manifests:
        found += _against_schema(manifest)
        found += _sizes(manifest)
        if not _has_path(manifest):
            continue  # the schema has said what is missing
        twin = identities.setdefault(_identity(manifest), manifest)
        neighbour = paths.setdefault(manifest.path.casefold(), manifest)
        if twin is not manifest:
            found.append(_twice(manifest, twin))
        elif neighbour is not manifest:
            found.append(_same_path(manifest, neighbour))
    return found


def _against_schema(manifest: Manifest) -> Iterator[Diagnostic]:
    body = manifest.body
    api_version, kind = body.get("apiVersion"), body.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        yield _refused(manifest, "/", "`apiVersion` or `kind` is missing")
        return
    check = validator(api_version, kind)
    if check is None:
        yield _diagnostic(
            "MG502",
            manifest,
            f"no schema for `{api_version}` `{kind}`: meshgen has no `schemas/{file_of(api_version, kind)}`",
            "Add a schema of the kind, or report the object as a fault of meshgen.",
        )
        return
    try:
        if not check.is_valid(body):
            for violation in violations(check.iter_errors(body)):
                yield _refused(manifest, violation.pointer, violation.text)
    except ValueError as error:
        yield _refused(manifest, "/", f"not expressible in JSON: {error}")


def _refused(manifest: Manifest, pointer: str, text: str) -> Diagnostic:
    return _diagnostic("MG501", manifest, f"`{_place(manifest)}` is no valid object at `{pointer}`: {text}", _REPORT)


def _sizes(manifest: Manifest) -> Iterator[Diagnostic]:
    size = _json_size(manifest.body)
    if size > _LARGEST_OBJECT:
        yield _diagnostic(
            "MG505",
            manifest,
            f"`{_place(manifest)}` has {size} bytes, the API server takes {_LARGEST_OBJECT}",
            "Split what the object is made of, for example a workspace with too many exposed services.",
        )
    annotations = _metadata(manifest).get("annotations")
    if isinstance(annotations, dict):
        total = sum(len(str(key).encode()) + len(str(value).encode()) for key, value in annotations.items())
        if total > _LARGEST_ANNOTATIONS:
            yield _diagnostic(
                "MG506",
                manifest,
                f"`{_place(manifest)}` has {total} bytes of annotations, Kubernetes takes {_LARGEST_ANNOTATIONS}",
                "Shorten the annotations in the fleet.",
            )


def _json_size(body: dict[str, Any]) -> int:
    """The bytes of `body` as JSON, or any smaller number when it is surely below the limit.

    Marshalling takes a third of the time, and no value grows more than sixfold (control characters) on the way.
    """
    try:
        rough = len(marshal.dumps(body, 2)) * _MOST_BYTES_OF_A_CHARACTER
        if rough <= _LARGEST_OBJECT:
            return 0
        return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    except (TypeError, ValueError):
        return 0  # not expressible in JSON, which the schema check says


def _twice(manifest: Manifest, twin: Manifest) -> Diagnostic:
    return _diagnostic(
        "MG503",
        manifest,
        f"`{_place(manifest)}` is emitted twice",
        "Let one of the two inputs go, or give them different names.",
        twin,
    )


def _same_path(manifest: Manifest, neighbour: Manifest) -> Diagnostic:
    return _diagnostic(
        "MG504",
        manifest,
        f"two objects want one file: `{manifest.path}` and `{neighbour.path}` are the same name on some file systems",
        "Rename one of the two; case alone does not tell files apart everywhere.",
        neighbour,
    )


def _diagnostic(code: str, manifest: Manifest, message: str, help_: str, other: Manifest | None = None) -> Diagnostic:
    spans = manifest.origin.spans
    notes: tuple[Note, ...] = ()
    if other is not None and other.origin.spans:
        notes = (Note(other.origin.spans[0], f"the other one comes from `{other.origin.name}`"),)
    return diagnose(code, message, spans[0] if spans else None, help_, notes, object=manifest.origin.name)


def _identity(manifest: Manifest) -> _Identity:
    """Cluster, group, kind, namespace, name; the version does not make another object."""
    metadata = _metadata(manifest)
    group, _, _ = str(manifest.body.get("apiVersion", "")).rpartition("/")
    return (
        manifest.cluster,
        group,
        str(manifest.body.get("kind", "")),
        str(metadata.get("namespace", "")),
        str(metadata.get("name", "")),
    )


def _metadata(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest.body.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _has_path(manifest: Manifest) -> bool:
    return {"apiVersion", "kind"} <= manifest.body.keys() and "name" in _metadata(manifest)


def _place(manifest: Manifest) -> str:
    """The output path, or what is known of an object that is too broken to have one."""
    return manifest.path if _has_path(manifest) else "/".join(part or "?" for part in _identity(manifest))
