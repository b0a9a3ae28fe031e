"""The emitted object: one Kubernetes manifest, for one cluster, that knows where it comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.plan.model import Origin, Stage

_LONGEST_FILE_NAME = 255


@dataclass(frozen=True)
class Manifest:
    """One Kubernetes object for one top directory of the output tree.

    `body` is the object as it is written: strings, integers, booleans, lists and dicts only, no nulls.
    """

    cluster: str
    body: dict[str, Any]
    origin: Origin
    stage: Stage

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def group(self) -> str:
        """The API group, empty for core."""
        group, _, version = str(self.body["apiVersion"]).rpartition("/")
        return group if version else ""

    @property
    def version(self) -> str:
        return str(self.body["apiVersion"]).rpartition("/")[2]

    @property
    def name(self) -> str:
        return str(self.body["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The namespace, empty for objects of the cluster."""
        return str(self.body["metadata"].get("namespace", ""))

    @cached_property
    def path(self) -> str:
        """Where it stands in the output tree, relative, with `/` (design §7)."""
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return f"{self.cluster}/{self.namespace or '_cluster'}/{_file_name(f'{kind}_{self.name}'.lower())}"


def _file_name(stem: str) -> str:
    name = f"{stem}.yaml"
    if len(name.encode()) <= _LONGEST_FILE_NAME:
        return name
    digest = hashlib.sha256(stem.encode()).hexdigest()[:16]
    return f"{stem[: _LONGEST_FILE_NAME - len(digest) - len('-.yaml')]}-{digest}.yaml"
