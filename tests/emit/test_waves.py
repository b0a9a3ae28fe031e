"""The order in which Argo CD applies what is committed, from the files alone.

Argo CD sorts by phase, wave, kind and name (gitops-engine, pkg/sync/sync_tasks.go); kinds that it does not know are all
equal. It waits between waves until what it applied is healthy.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from meshgen.emit.artifact import Stage
from meshgen.pipeline import compile_fleet
from tests.fleets import LACKS, compiled

ROOT = Path(__file__).parents[2]
OUTPUTS = [ROOT / "output", *sorted((ROOT / "examples").glob("*/output"))]
CLUSTERS = sorted(path for output in OUTPUTS for path in output.iterdir() if path.is_dir() and path.name[0] not in "._")
WAVE = "argocd.argoproj.io/sync-wave"
KNOWN_KINDS = (
    "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
    "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
    "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList",
    "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController",
    "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "Ingress", "APIService",
)  # fmt: skip
"""In their order; every other kind comes after them."""


def in_order(objects: list[dict[str, Any]], *, waves: bool = True) -> list[dict[str, Any]]:
    def place(body: dict[str, Any]) -> tuple[int, int, str]:
        wave = int(body["metadata"].get("annotations", {}).get(WAVE, "0")) if waves else 0
        kind = KNOWN_KINDS.index(body["kind"]) if body["kind"] in KNOWN_KINDS else len(KNOWN_KINDS)
        return wave, kind, body["metadata"]["name"]

    return sorted(objects, key=place)


def committed(cluster: Path) -> list[dict[str, Any]]:
    return [YAML(typ="safe").load(path) for path in sorted(cluster.rglob("*.yaml"))]


def stages(cluster: Path) -> dict[tuple[str, str, str, str], Stage]:
    """The stage of each object, as the emitters registered it."""
    found = compile_fleet(cluster.parents[1] / "fleet").artifacts
    return {
        (item.schema.api_version, item.kind, item.namespace, item.name): item.stage
        for item in found
        if item.schema is not None and item.stage is not None and item.cluster == cluster.name
    }


def wrong_pairs(cluster: Path, *, waves: bool = True) -> list[str]:
    of = stages(cluster)
    order = [
        (body["apiVersion"], body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])
        for body in in_order(committed(cluster), waves=waves)
    ]
    return [f"{first} before {second}" for first, second in combinations(order, 2) if of[first] > of[second]]


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_pair_of_a_cluster_is_applied_in_the_order_of_its_stages(cluster: Path) -> None:
    assert wrong_pairs(cluster) == []


def test_without_waves_entries_would_come_after_the_routes_that_retry_over_them() -> None:
    cluster = ROOT / "examples/istio/output/cluster-1"
    assert len(wrong_pairs(cluster, waves=False)) > 10


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_waits_for_a_gateway(cluster: Path) -> None:
    waves = {Stage(int(body["metadata"]["annotations"][WAVE])) for body in committed(cluster) if waits(body)}
    assert waves <= {max(Stage)}


def waits(body: dict[str, Any]) -> bool:
    """Whether Argo CD finds it unhealthy while pods do not start or a load balancer has no address."""
    return body["kind"] in ("Deployment", "PodDisruptionBudget") or body.get("spec", {}).get("type") == "LoadBalancer"


def test_the_wave_is_the_stage_of_every_synced_object() -> None:
    for artifact in compiled(LACKS).compilation.artifacts:
        assert artifact.synced
        assert artifact.stage is not None
        assert artifact.body["metadata"]["annotations"][WAVE] == str(int(artifact.stage))
