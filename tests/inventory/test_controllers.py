"""Selectors by labels that no manifest has, because a controller puts them on pods."""

from __future__ import annotations

import pytest

from meshgen.inventory.controllers import picks
from tests.inventory.importing import findings_of, spec_of

LABELS = {"app": "kafka"}


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        ("StatefulSet", {"app": "kafka", "statefulset.kubernetes.io/pod-name": "kafka-0"}),
        ("StatefulSet", {"statefulset.kubernetes.io/pod-name": "kafka-12"}),
        ("StatefulSet", {"app": "kafka", "apps.kubernetes.io/pod-index": "0"}),
        ("StatefulSet", {"app": "kafka", "controller-revision-hash": "kafka-7d9f"}),
        ("Deployment", {"app": "kafka", "pod-template-hash": "6c8b"}),
        ("Rollout", {"app": "kafka", "rollouts-pod-template-hash": "6c8b"}),
        ("DaemonSet", {"app": "kafka", "pod-template-generation": "3"}),
        ("Job", {"job-name": "kafka"}),
        ("Job", {"batch.kubernetes.io/job-name": "kafka", "batch.kubernetes.io/job-completion-index": "2"}),
    ],
)
def test_a_label_of_the_controller_counts_as_there(kind: str, selector: dict[str, str]) -> None:
    assert picks(selector, LABELS, kind, "kafka")


@pytest.mark.parametrize(
    ("kind", "selector"),
    [
        ("StatefulSet", {"statefulset.kubernetes.io/pod-name": "kafka-broker-0"}),
        ("StatefulSet", {"app": "zookeeper", "apps.kubernetes.io/pod-index": "0"}),
        ("StatefulSet", {"apps.kubernetes.io/pod-index": "0"}),
        ("Deployment", {"pod-template-hash": "6c8b"}),
        ("Deployment", {"app": "kafka", "statefulset.kubernetes.io/pod-name": "kafka-0"}),
        ("Deployment", {"app": "kafka", "role": "primary"}),
        ("Deployment", {}),
    ],
)
def test_others_do_not(kind: str, selector: dict[str, str]) -> None:
    assert not picks(selector, LABELS, kind, "kafka")


def test_the_service_of_one_pod_of_a_stateful_set_has_its_account() -> None:
    text = """
apiVersion: v1
kind: Service
metadata: {name: kafka-0, namespace: shop}
spec: {selector: {statefulset.kubernetes.io/pod-name: kafka-0}, ports: [{port: 9092}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kafka, namespace: shop}
spec: {template: {metadata: {labels: {app: kafka}}, spec: {serviceAccountName: broker}}}
"""
    assert spec_of(text)["services"][0]["serviceAccounts"] == ["broker"]


ACTIVE = """
apiVersion: v1
kind: Service
metadata: {name: active, namespace: shop}
spec: {selector: {app: orders, rollouts-pod-template-hash: 6c8b}, ports: [{port: 80}]}
"""


def test_MG069_fires_once_for_selectors_of_a_revision() -> None:
    (said,) = findings_of(f"{ACTIVE}---{ACTIVE.replace('active', 'stable')}")
    assert said.startswith("in.yaml:4:18 MG069: Service `shop/active` and 1 more selects pods of one revision, by")


def test_MG069_silent_for_labels_that_stay() -> None:
    assert findings_of(ACTIVE.replace("rollouts-pod-template-hash: 6c8b", "apps.kubernetes.io/pod-index: '0'")) == []
