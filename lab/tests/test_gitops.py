"""Syncs of a directory into an API server that only remembers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab.api import Object, RefusedError
from lab.gitops import NotHealthyError, Sync
from lab.health import DegradedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class _Server:
    """Server-side apply of whole objects; `asked` has what was applied and deleted, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.objects: dict[tuple[str, str, str], Object] = {}

    def get(self, _: str, kind: str, name: str, namespace: str = "") -> Object:
        try:
            return self.objects[kind, namespace, name]
        except KeyError:
            raise RefusedError(404, "not found") from None

    def apply(self, body: Object, *, manager: str, dry_run: bool = False) -> Object:
        live = self.objects.get(self._place(body), {})
        status = {"status": live["status"]} if "status" in live else {}
        applied = body | {"metadata": {**body["metadata"], "managedFields": [manager]}} | status
        if not dry_run:
            self.asked.append(f"apply {body['kind']} {body['metadata']['name']}")
            self.objects[self._place(body)] = applied
        return applied

    def delete(self, body: Object) -> None:
        self.asked.append(f"delete {body['kind']} {body['metadata']['name']}")
        del self.objects[self._place(body)]

    def set_status(self, kind: str, status: Object) -> None:
        for (found, _, _), body in self.objects.items():
            if found == kind:
                body["status"] = status

    @staticmethod
    def _place(body: Object) -> tuple[str, str, str]:
        metadata = body["metadata"]
        return body["kind"], metadata.get("namespace", ""), metadata["name"]


@pytest.fixture
def server() -> _Server:
    return _Server()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Make a tree of objects: name → (kind, wave, more of the body)."""

    def make(objects: dict[str, tuple[str, int] | tuple[str, int, Object]]) -> Path:
        for file in tmp_path.glob("*.yaml"):
            file.unlink()
        for name, (kind, wave, *more) in objects.items():
            annotations = {"argocd.argoproj.io/sync-wave": str(wave)}
            group = "apps/v1" if kind == "Deployment" else "policy/v1" if kind == "PodDisruptionBudget" else "v1"
            body: Object = {"apiVersion": group, "kind": kind, "spec": {}}
            body["metadata"] = {"name": name, "annotations": annotations}
            for extra in more:
                body["metadata"]["annotations"] |= extra.pop("annotations", {})
                body |= extra
            (tmp_path / f"{name}.yaml").write_text(json.dumps(body), encoding="utf-8")
        return tmp_path

    return make


def _sync(server: _Server, **settings: object) -> Sync:
    return Sync(server, patience=0.3, **settings)  # type: ignore[arg-type]


def test_only_what_differs_is_applied(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    tree = write({"a": ("Gateway", 0, {"spec": {"n": 1}}), "b": ("Gateway", 0)})
    assert sync.sync(tree) == ["apply Gateway a", "apply Gateway b"]
    assert sync.sync(tree) == []
    assert sync.sync(write({"a": ("Gateway", 0, {"spec": {"n": 2}}), "b": ("Gateway", 0)})) == ["apply Gateway a"]


def test_what_somebody_else_changed_is_set_back(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    tree = write({"a": ("Gateway", 0, {"spec": {"n": 1}})})
    sync.sync(tree)
    server.get("v1", "Gateway", "a")["spec"] = {"n": 3}
    assert sync.sync(tree) == ["apply Gateway a"]


def test_a_status_is_no_difference(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    tree = write({"a": ("Gateway", 0)})
    sync.sync(tree)
    server.set_status("Gateway", {"seen": True})
    assert sync.sync(tree) == []


def test_new_objects_come_before_old_ones_go_with_prune_last(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    sync.sync(write({"old": ("Gateway", 2)}))
    changes = sync.sync(write({"new": ("Gateway", 2), "v": ("VirtualService", 4)}), prune_last=True, pause=0)
    assert changes == ["apply Gateway new", "apply VirtualService v", "delete Gateway old"]


def test_old_objects_go_before_new_ones_of_the_wave_come_without(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    sync.sync(write({"old": ("Gateway", 2)}))
    changes = sync.sync(write({"new": ("Gateway", 2), "v": ("VirtualService", 4)}), prune_last=False, pause=0)
    assert changes == ["delete Gateway old", "apply Gateway new", "apply VirtualService v"]


def test_what_asks_not_to_be_pruned_stays(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    kept = {"annotations": {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}}
    sync.sync(write({"n": ("Namespace", 0, kept), "g": ("Gateway", 0)}))
    assert sync.sync(write({})) == ["delete Gateway g"]


def test_nothing_is_pruned_where_pruning_is_off(server: _Server, write: Callable[..., Path]) -> None:
    sync = _sync(server)
    sync.sync(write({"g": ("Gateway", 0)}))
    assert sync.sync(write({}), prune=False) == []
    assert sync.sync(write({})) == ["delete Gateway g"]


BALANCED = {"spec": {"type": "LoadBalancer"}}
ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
READY = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
ALLOWED = {"conditions": [{"type": "DisruptionAllowed", "status": "True", "reason": "SufficientPods"}]}
FEW_PODS = {"conditions": [{"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods"}]}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("Service", BALANCED, ADDRESS),
        ("Deployment", {"spec": {"replicas": 2}}, READY),
        ("PodDisruptionBudget", {}, ALLOWED),
        ("PodDisruptionBudget", {}, FEW_PODS),
    ],
)
def test_the_next_wave_waits_for_health(
    server: _Server, write: Callable[..., Path], kind: str, body: Object, status: Object
) -> None:
    applied_before: list[str] = []

    def controllers() -> None:
        applied_before.extend(server.asked)
        server.set_status(kind, status)

    sync = _sync(server, controllers=controllers)
    sync.sync(write({"first": (kind, 1, dict(body)), "second": ("ServiceEntry", 2)}), pause=0)
    assert applied_before == [f"apply {kind} first"]
    assert server.asked == [f"apply {kind} first", "apply ServiceEntry second"]


@pytest.mark.parametrize(
    ("kind", "body", "lacking"),
    [
        ("Service", BALANCED, "Service first: no address"),
        ("Deployment", {"spec": {"replicas": 2}}, "Deployment first: 0 replicas updated"),
        ("PodDisruptionBudget", {}, "PodDisruptionBudget first: no status"),
    ],
)
def test_what_never_becomes_healthy_holds_up_every_wave_after_it(
    server: _Server, write: Callable[..., Path], kind: str, body: Object, lacking: str
) -> None:
    tree = write({"first": (kind, 1, dict(body)), "second": ("ServiceEntry", 2)})
    with pytest.raises(NotHealthyError, match=lacking):
        _sync(server).sync(tree, pause=0)
    assert server.asked == [f"apply {kind} first"]


def test_what_cannot_become_healthy_ends_the_sync(server: _Server, write: Callable[..., Path]) -> None:
    exceeded = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}
    sync = _sync(server, controllers=lambda: server.set_status("Deployment", exceeded))
    with pytest.raises(DegradedError):
        sync.sync(write({"first": ("Deployment", 1), "second": ("ServiceEntry", 2)}), pause=0)


def test_the_last_wave_is_not_waited_for(server: _Server, write: Callable[..., Path]) -> None:
    tree = write({"entry": ("ServiceEntry", 1), "service": ("Service", 2, dict(BALANCED))})
    assert _sync(server).sync(tree, pause=0) == ["apply ServiceEntry entry", "apply Service service"]


@pytest.mark.parametrize(
    ("kind", "body"), [("Service", {"spec": {"type": "ClusterIP"}}), ("Gateway", {}), ("ServiceAccount", {})]
)
def test_kinds_without_a_rule_and_services_inside_are_never_waited_for(
    server: _Server, write: Callable[..., Path], kind: str, body: Object
) -> None:
    tree = write({"first": (kind, 1, dict(body)), "second": ("ServiceEntry", 2)})
    assert _sync(server).sync(tree, pause=0) == [f"apply {kind} first", "apply ServiceEntry second"]


def test_objects_that_did_not_change_hold_nothing_up(server: _Server, write: Callable[..., Path]) -> None:
    """With `ApplyOutOfSyncOnly=true` a Service that lost its address is no task, so nobody waits for it."""
    sync = _sync(server, controllers=lambda: server.set_status("Service", ADDRESS))
    sync.sync(write({"s": ("Service", 1, dict(BALANCED)), "e": ("ServiceEntry", 2)}), pause=0)
    server.set_status("Service", {})
    tree = write({"s": ("Service", 1, dict(BALANCED)), "e": ("ServiceEntry", 2, {"spec": {"n": 1}})})
    assert sync.sync(tree, pause=0) == ["apply ServiceEntry e"]
