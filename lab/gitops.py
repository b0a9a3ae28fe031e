"""Applies one cluster's directory of an output tree as a GitOps engine does: in order, with pruning."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

    from lab.api import Api, Object

# The stages of a roll-out; what is withdrawn goes in the opposite order.
STAGES = (
    ("Namespace",),
    ("ServiceAccount", "Deployment", "Service", "PodDisruptionBudget", "IngressGateway"),
    ("Gateway", "Workspace", "WorkspaceSetting"),
    ("DestinationRule",),
    ("ServiceEntry", "WorkloadEntry", "Sidecar"),
    ("VirtualService",),
)
_Key = tuple[str, str, str, str]


@dataclass
class Sync:
    """The state of one cluster as the engine knows it: what it has applied."""

    api: Api
    applied: dict[_Key, Object] = field(default_factory=dict)

    def sync(self, directory: Path, *, prune: bool = True) -> list[str]:
        """Make the cluster like the directory; returns what changed, in order.

        Raises `lab.api.RefusedError` where the API server or a webhook refuses an object.
        """
        wanted = {_key(body): body for body in read_tree(directory)}
        changes = []
        for key, body in sorted(wanted.items(), key=lambda item: (_stage(item[1]), item[0])):
            if self.applied.get(key) != body:
                self.api.apply(body, manager="gitops")
                self.applied[key] = body
                changes.append(f"apply {_words(key)}")
        gone = [item for item in self.applied.items() if item[0] not in wanted]
        for key, body in sorted(gone, key=lambda item: (-_stage(item[1]), item[0])):
            if prune and not _kept(body):
                self.api.delete(body)
                del self.applied[key]
                changes.append(f"delete {_words(key)}")
        return changes


def read_tree(directory: Path) -> list[Object]:
    """All objects below a directory, as plain JSON values."""
    yaml = YAML(typ="safe")
    found = []
    for path in sorted(directory.rglob("*.yaml")):
        found += [json.loads(json.dumps(body)) for body in yaml.load_all(path) if body]
    return found


def _key(body: Object) -> _Key:
    metadata = body["metadata"]
    return body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"]


def _kept(body: Object) -> bool:
    """Whether the object asks Argo CD not to prune it."""
    options = body["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-options", "")
    return "Prune=false" in options.split(",")


def _words(key: _Key) -> str:
    _, kind, namespace, name = key
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def _stage(body: Object) -> int:
    for number, kinds in enumerate(STAGES):
        if body["kind"] in kinds:
            return number
    return len(STAGES)
