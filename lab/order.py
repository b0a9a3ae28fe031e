"""The order of a sync by Argo CD: that of gitops-engine's `sync_tasks.go` and `getSyncTasks` (Argo CD 3.5).

Trees hold no hooks, so there is one phase. Objects are ordered by wave, kind and name. Where these are equal Argo CD
applies in any order, at once for one kind; here they come by kind and namespace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.api import Object

_WAVE = "argocd.argoproj.io/sync-wave"
_OPTIONS = "argocd.argoproj.io/sync-options"
# Every other kind comes after these, custom resources among each other by name alone.
_KINDS = (
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
)
_PLACES = {kind: place for place, kind in enumerate(_KINDS)}


class Key(NamedTuple):
    """What makes two bodies the same object."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass
class Task:
    """One object to apply, or one to prune: then `body` is what the cluster has."""

    body: Object
    prune: bool
    wave: int

    @property
    def key(self) -> Key:
        return key_of(self.body)


def key_of(body: Object) -> Key:
    metadata = body["metadata"]
    return Key(_group(body), body["kind"], metadata.get("namespace", ""), metadata["name"])


def has_option(body: Object, option: str) -> bool:
    """Whether the object itself asks for a sync option (`Prune=false`)."""
    return option in [item.strip() for item in _annotations(body).get(_OPTIONS, "").split(",")]


def ordered(wanted: Iterable[Object], gone: Iterable[Object], *, prune_last: bool = False) -> list[Task]:
    """The tasks of a sync: apply what is `wanted`, prune what the cluster has and is `gone` from the tree.

    Prunes trade their waves among each other, the first for the last; with `prune_last`, or where an object asks for
    it, they come in a wave of their own after all others. A Namespace moves into the wave of the first object in it, a
    CustomResourceDefinition into that of the first object of its kind.
    """
    tasks = [Task(body, prune=False, wave=_wave(body)) for body in wanted]
    prunes = [Task(body, prune=True, wave=_wave(body)) for body in gone]
    waves = sorted({task.wave for task in prunes})
    mirrored = dict(zip(waves, reversed(waves), strict=True))
    for task in prunes:
        task.wave = mirrored[task.wave]
    tasks += prunes
    last = max((task.wave for task in tasks), default=0)
    for task in prunes:
        if prune_last or has_option(task.body, "PruneLast=true"):
            task.wave = max(last, 0) + 1
    tasks.sort(key=_place)
    _move_before_dependents(tasks, _own_namespace, lambda body: body["metadata"].get("namespace", ""))
    _move_before_dependents(tasks, _defined_kind, lambda body: f"{_group(body)}/{body['kind']}")
    return tasks


def _place(task: Task) -> tuple[int, int, str, Key]:
    key = task.key
    return task.wave, _PLACES.get(key.kind, len(_PLACES)), key.name, key


def _move_before_dependents(
    tasks: list[Task], provided: Callable[[Object], str], needed: Callable[[Object], str]
) -> None:
    """Move each object that provides something before the first that needs it, into its wave."""
    first: dict[str, int] = {}
    for place, task in enumerate(tasks):
        if task.prune:
            continue
        if dependency := provided(task.body):
            target = first.get(dependency, place)
            task.wave = tasks[target].wave
            tasks[target : place + 1] = [task, *tasks[target:place]]
            first = {name: at + (target <= at < place) for name, at in first.items()}
        elif dependency := needed(task.body):
            first.setdefault(dependency, place)


def _own_namespace(body: Object) -> str:
    key = key_of(body)
    return key.name if (key.group, key.kind) == ("", "Namespace") else ""


def _defined_kind(body: Object) -> str:
    if body["kind"] != "CustomResourceDefinition":
        return ""
    return f"{body['spec']['group']}/{body['spec']['names']['kind']}"


def _wave(body: Object) -> int:
    text = _annotations(body).get(_WAVE, "")
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0


def _group(body: Object) -> str:
    return str(body["apiVersion"]).rpartition("/")[0]


def _annotations(body: Object) -> dict[str, str]:
    return body["metadata"].get("annotations") or {}
