"""The artifact: one file of the output, that knows where it comes from and when it is applied."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from meshgen.emit import json
from meshgen.emit.yaml import HEADER, pack, packed_text, text, unpack
from meshgen.language.base import RESERVED

if TYPE_CHECKING:
    from meshgen.plan.model import Origin

_LONGEST_FILE_NAME = 255
_INDENT = "  "
_NAMES = ("name", "namespace")


class Stage(IntEnum):
    """The order in which the objects of one cluster are applied, as Argo CD's sync waves (ADR 12).

    Gateways come last, since a sync waits for what is applied before: one whose load balancer gets no address would
    hold up everything after it.
    """

    NAMESPACES = 0
    EXPOSURE = 1
    DESTINATION_RULES = 2
    ENTRIES = 3
    VIRTUAL_SERVICES = 4
    GATEWAYS = 5


class Schema(NamedTuple):
    """The kind of object that a file holds, whose schema it has to keep."""

    api_version: str
    kind: str

    @property
    def group(self) -> str:
        """The API group, empty for core."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        return self.api_version.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of the output tree."""

    cluster: str
    """The cluster that it is for; empty: all of the fleet."""
    path: str
    """Below the output directory, with `/` (design §7)."""
    content: bytes
    origin: Origin
    stage: Stage | None
    """None: not applied to a cluster in any order of ours."""
    schema: Schema | None
    """None: no Kubernetes object."""
    synced: bool
    """Whether a GitOps engine applies it; else people do something with it."""
    metadata: dict[str, Any]
    """Of a Kubernetes object; else empty."""
    packed: bytes
    """Everything that is neither metadata nor the kind, packed: most objects of many clusters have the same."""

    @property
    def body(self) -> dict[str, Any]:
        """What it says: strings, integers, booleans, lists and dicts only, no nulls."""
        fields = unpack(self.packed)
        if self.schema is None:
            return fields
        return {"apiVersion": self.schema.api_version, "kind": self.schema.kind, "metadata": self.metadata, **fields}

    def in_cluster(self, cluster: str) -> Artifact:
        """The same file for another cluster."""
        return Artifact(
            cluster,
            cluster + self.path[len(self.cluster) :],
            self.content,
            self.origin,
            self.stage,
            self.schema,
            self.synced,
            self.metadata,
            self.packed,
        )

    @property
    def kind(self) -> str:
        return self.schema.kind if self.schema else ""

    @property
    def group(self) -> str:
        """The API group, empty for core."""
        return self.schema.group if self.schema else ""

    @property
    def name(self) -> str:
        return str(self.metadata.get("name", ""))

    @property
    def namespace(self) -> str:
        """The namespace, empty for objects of the cluster."""
        return str(self.metadata.get("namespace", ""))


def kubernetes_object(
    cluster: str, schema: Schema, metadata: dict[str, Any], fields: dict[str, Any], origin: Origin, stage: Stage
) -> Artifact:
    """The artifact of a Kubernetes object, at the path that its identity gives; `fields` are all but the metadata."""
    path = object_path(cluster, schema, metadata.get("namespace", ""), metadata["name"])
    packed = pack(fields)
    content = f"{HEADER}{_head(schema)}{_metadata(metadata)}{packed_text(packed)}".encode()
    return Artifact(cluster, path, content, origin, stage, schema, True, metadata, packed)  # noqa: FBT003


@cache
def _head(schema: Schema) -> str:
    return text({"apiVersion": schema.api_version, "kind": schema.kind})


def _metadata(metadata: dict[str, Any]) -> str:
    """The block `metadata`: only names differ from object to object, so the rest is written once."""
    names = {key: value for key, value in metadata.items() if key in _NAMES}
    rest = {key: value for key, value in metadata.items() if key not in _NAMES}
    return f"metadata:\n{text(names, _INDENT)}{packed_text(pack(rest), _INDENT)}"


def setup_file(cluster: str, name: str, fields: dict[str, Any], origin: Origin) -> Artifact:
    """The artifact of a file that people apply by hand; `_setup` is no cluster's directory, so nobody syncs it."""
    path = f"_setup/{cluster}/{name}"
    packed = pack(fields)
    content = f"{HEADER}{packed_text(packed)}".encode()
    return Artifact(cluster, path, content, origin, None, None, False, {}, packed)  # noqa: FBT003


def dns_file(name: str, fields: dict[str, Any], origin: Origin) -> Artifact:
    """The artifact of a file about the fleet's DNS, which no cluster syncs; JSON or YAML, as its name ends."""
    packed = pack(fields)
    content = json.document(fields) if name.endswith(".json") else f"{HEADER}{packed_text(packed)}".encode()
    return Artifact("", f"_dns/{name}", content, origin, None, None, False, {}, packed)  # noqa: FBT003


def delivery_object(
    cluster: str, path: str, schema: Schema, metadata: dict[str, Any], fields: dict[str, Any], origin: Origin
) -> Artifact:
    """The artifact of an object that the GitOps engine reads, at `path` below `_delivery`; no cluster of the fleet
    syncs it. Of a `cluster`, or with none of the fleet.
    """
    packed = pack(fields)
    content = f"{HEADER}{_head(schema)}{_metadata(metadata)}{packed_text(packed)}".encode()
    return Artifact(cluster, f"_delivery/{path}", content, origin, None, schema, False, metadata, packed)  # noqa: FBT003


def delivery_file(cluster: str, path: str, fields: dict[str, Any], origin: Origin) -> Artifact:
    """The artifact of a file below `_delivery` that is no object; else as `delivery_object`."""
    packed = pack(fields)
    content = f"{HEADER}{packed_text(packed)}".encode()
    return Artifact(cluster, f"_delivery/{path}", content, origin, None, None, False, {}, packed)  # noqa: FBT003


def object_path(cluster: str, schema: Schema, namespace: str, name: str) -> str:
    """Where an object stands in the output tree, relative, with `/` (design §7)."""
    return f"{cluster}/{_directory(namespace)}/{_file_name(f'{_kind(schema)}_{name.lower()}')}"


@cache
def _directory(namespace: str) -> str:
    """A namespace's, with a `_` behind it where Windows has no directory of the name."""
    return f"{namespace}_" if RESERVED.fullmatch(namespace) else namespace or "_cluster"


@cache
def _kind(schema: Schema) -> str:
    return (f"{schema.kind}.{schema.group}" if schema.group else schema.kind).lower()


def _file_name(stem: str) -> str:
    name = f"{stem}.yaml"
    if len(name.encode()) <= _LONGEST_FILE_NAME:
        return name
    digest = hashlib.sha256(stem.encode()).hexdigest()[:16]
    return f"{stem[: _LONGEST_FILE_NAME - len(digest) - len('-.yaml')]}-{digest}.yaml"
