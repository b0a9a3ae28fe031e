"""Applies one cluster's directory of an output tree as Argo CD does, `ApplyOutOfSyncOnly=true`."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from lab.api import RefusedError
from lab.health import missing_for_health
from lab.order import Key, Task, has_option, key_of, ordered

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.api import Api, Object

MANAGER = "gitops"
PAUSE = 2.0  # seconds between waves, Argo CD's default
_PATIENCE = 60.0  # seconds in which what a wave applied has to become healthy; Argo CD waits for ever
_WRITTEN_BY_THE_SERVER = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")


class NotHealthyError(Exception):
    """What a wave applied does not become healthy, so the waves after it never come."""


@dataclass
class Sync:
    """The state of one cluster as the engine knows it: `applied` has what it put there and has not pruned."""

    api: Api
    controllers: Callable[[], None] = lambda: None
    """What makes applied objects healthy; called while the engine waits."""
    patience: float = _PATIENCE
    applied: dict[Key, Object] = field(default_factory=dict)

    def sync(self, directory: Path, *, prune: bool = True, prune_last: bool = True, pause: float = PAUSE) -> list[str]:
        """Make the cluster like the directory; returns what changed, in order.

        A wave begins when what the one before applied is healthy. Raises `NotHealthyError`, or `DegradedError`, where
        that does not come, and `RefusedError` where the API server or a webhook refuses an object.
        """
        wanted = {key_of(body): body for body in read_tree(directory)}
        gone = [body for key, body in self.applied.items() if key not in wanted]
        tasks = ordered(wanted.values(), gone, prune_last=prune_last)
        due = []
        for task in tasks:
            if task.prune or self._out_of_sync(task.body):
                due.append(task)
            else:
                self.applied[task.key] = task.body
        waves = [list(group) for _, group in itertools.groupby(due, lambda task: task.wave)]
        changes = []
        for number, wave in enumerate(waves, start=1):
            changes += self._run(wave, prune=prune)
            if number < len(waves):
                time.sleep(pause)
                self._wait_until_healthy([task for task in wave if not task.prune])
        return changes

    def _run(self, wave: list[Task], *, prune: bool) -> list[str]:
        """Prune, then apply."""
        changes = []
        for task in wave:
            if task.prune and prune and not has_option(task.body, "Prune=false"):
                self.api.delete(task.body)
                del self.applied[task.key]
                changes.append(f"delete {task.key}")
        for task in wave:
            if not task.prune:
                self.api.apply(task.body, manager=MANAGER)
                self.applied[task.key] = task.body
                changes.append(f"apply {task.key}")
        return changes

    def _out_of_sync(self, body: Object) -> bool:
        """Whether applying the object would change it: what Argo CD's `ServerSideDiff` asks the API server."""
        live = self._live(body)
        return live is None or _comparable(live) != _comparable(self.api.apply(body, manager=MANAGER, dry_run=True))

    def _live(self, body: Object) -> Object | None:
        key = key_of(body)
        try:
            return self.api.get(body["apiVersion"], key.kind, key.name, key.namespace)
        except RefusedError as refused:
            if refused.status != 404:  # noqa: PLR2004 - the HTTP status
                raise
            return None

    def _wait_until_healthy(self, tasks: list[Task]) -> None:
        deadline = time.monotonic() + self.patience
        while lacking := self._lacking(tasks):
            if time.monotonic() > deadline:
                raise NotHealthyError("; ".join(lacking))
            self.controllers()
            time.sleep(0.1)

    def _lacking(self, tasks: list[Task]) -> list[str]:
        found = ((task.key, missing_for_health(self._live(task.body) or task.body)) for task in tasks)
        return [f"{key}: {lacking}" for key, lacking in found if lacking]


def read_tree(directory: Path) -> list[Object]:
    """All objects below a directory, as plain JSON values."""
    yaml = YAML(typ="safe")
    found = []
    for path in sorted(directory.rglob("*.yaml")):
        found += [json.loads(json.dumps(body)) for body in yaml.load_all(path) if body]
    return found


def _comparable(body: Object) -> Object:
    metadata = {name: value for name, value in body["metadata"].items() if name not in _WRITTEN_BY_THE_SERVER}
    return body | {"metadata": metadata}
