"""What runs behind a Service, by the kind that people wrote."""

from __future__ import annotations

import pytest

from tests.inventory.importing import spec_of

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{port: 80}]}
"""
TEMPLATE = """
apiVersion: apps/v1
kind: KIND
metadata: {name: a, namespace: shop}
spec: {template: {metadata: {labels: {app: a}}, spec: {serviceAccountName: x}}}
"""
DEPLOYMENT, STATEFUL_SET = TEMPLATE.replace("KIND", "Deployment"), TEMPLATE.replace("KIND", "StatefulSet")


def pod(owner: str = "") -> str:
    item = f"{{apiVersion: apps/v1, kind: {owner}, name: a, uid: '1', controller: true}}"
    owners = f", ownerReferences: [{item}]" if owner else ""
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a-0, namespace: shop, labels: {{app: a}}{owners}}}\n"


@pytest.mark.parametrize(
    ("behind", "kinds"),
    [
        ([DEPLOYMENT], ["Deployment"]),
        ([STATEFUL_SET], ["StatefulSet"]),
        ([STATEFUL_SET, DEPLOYMENT], ["Deployment", "StatefulSet"]),
        ([pod()], ["Pod"]),
        ([pod("StatefulSet")], ["StatefulSet"]),
        ([pod("ReplicaSet"), DEPLOYMENT], ["Deployment"]),
        ([], None),
    ],
    ids=["Deployment", "StatefulSet", "both", "a pod", "a StatefulSet's pod", "a Deployment's pod", "nothing"],
)
def test_the_kinds_of_what_runs_behind_a_service(behind: list[str], kinds: list[str] | None) -> None:
    (found,) = spec_of(SERVICE, *behind)["services"]
    assert found.get("workloads") == kinds
