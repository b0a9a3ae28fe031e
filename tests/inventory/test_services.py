# ruff: noqa: E501 - manifests and messages as they are, on one line
"""Services of an inventory, by the manifests of a cluster."""

from __future__ import annotations

import pytest

from tests.inventory.importing import SERVICE, deployment, service


def test_defaults_are_left_out_so_that_a_manifest_and_the_live_object_read_alike() -> None:
    live = """
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop, uid: 123-4, resourceVersion: "7"}
spec:
  clusterIP: 10.0.0.7
  internalTrafficPolicy: Cluster
  ports: [{port: 80, protocol: TCP, targetPort: 80}]
  selector: {app: a}
  type: ClusterIP
status: {loadBalancer: {}}
"""
    assert (
        service(live)
        == service(SERVICE)
        == {"name": "a", "namespace": "shop", "selector": {"app": "a"}, "ports": [{"port": 80}]}
    )


def test_what_matters_of_a_service_is_kept() -> None:
    assert service(
        """
apiVersion: v1
kind: Service
metadata:
  name: a
  labels: {app: a}
  annotations: {networking.istio.io/exportTo: "., other"}
spec:
  type: NodePort
  clusterIP: None
  internalTrafficPolicy: Local
  ports: [{name: dns, port: 53, targetPort: 5353, protocol: UDP, appProtocol: dns}, {port: 80, targetPort: http}]
"""
    ) == {
        "name": "a",
        "namespace": "default",
        "labels": {"app": "a"},
        "ports": [
            {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP", "appProtocol": "dns"},
            {"port": 80, "targetPort": "http"},
        ],
        "type": "NodePort",
        "clusterIP": "None",
        "internalTrafficPolicy": "Local",
        "exportTo": [".", "other"],
    }


def test_an_external_name_has_neither_ports_nor_workloads() -> None:
    text = SERVICE.replace("{selector: {app: a}, ports: [{port: 80}]}", "{type: ExternalName, externalName: a.example}")
    assert service(text, deployment()) == {"name": "a", "namespace": "shop", "type": "ExternalName"}


def test_service_accounts_are_those_of_all_selected_workloads() -> None:
    two = deployment("z", name="b", labels="{app: a, version: v2}")
    assert service(SERVICE, deployment("x"), two)["serviceAccounts"] == ["x", "z"]


def test_a_workload_without_account_runs_as_default() -> None:
    assert service(SERVICE, deployment().replace("serviceAccountName: x", ""))["serviceAccounts"] == ["default"]


@pytest.mark.parametrize("unlike", ["{app: b}", "{}"])
def test_accounts_are_unknown_without_a_selected_workload(unlike: str) -> None:
    assert "serviceAccounts" not in service(SERVICE, deployment(labels=unlike))


def test_workloads_of_another_namespace_do_not_count() -> None:
    assert "serviceAccounts" not in service(SERVICE, deployment().replace("shop", "other"))


@pytest.mark.parametrize(
    ("group", "kind"),
    [("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"), ("argoproj.io/v1alpha1", "Rollout")],
)
def test_every_kind_with_a_pod_template_is_a_workload(group: str, kind: str) -> None:
    text = deployment().replace("apps/v1", group).replace("Deployment", kind)
    assert service(SERVICE, text)["serviceAccounts"] == ["x"]


def test_pods_are_workloads_and_cron_jobs_where_there_is_nothing_else() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: a}}\nspec: {serviceAccountName: p}\n"
    cron = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c, namespace: shop}\nspec: {jobTemplate: {spec: {template: "
        "{metadata: {labels: {app: a}}, spec: {serviceAccountName: c}}}}}\n"
    )
    assert service(SERVICE, pod, cron)["serviceAccounts"] == ["p"]
    assert service(SERVICE, cron)["serviceAccounts"] == ["c"]


def test_what_no_longer_runs_does_not_count() -> None:
    old = (
        deployment("old", name="a-1")
        .replace("Deployment", "ReplicaSet")
        .replace("spec:\n  template", "spec:\n  replicas: 0\n  template")
    )
    done = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: a}}\nstatus: {phase: Succeeded}\n"
    assert service(SERVICE, deployment("new"), old, done)["serviceAccounts"] == ["new"]


def test_a_workload_may_have_a_generated_name() -> None:
    assert service(SERVICE, deployment().replace("name: a,", "generateName: a-,"))["serviceAccounts"] == ["x"]


def test_a_named_target_port_is_the_number_that_its_pods_have() -> None:
    pods = deployment().replace(
        "{serviceAccountName: x}", "{containers: [{name: a, ports: [{name: web, containerPort: 9090}]}]}"
    )
    named = SERVICE.replace("{port: 80}", "{port: 80, targetPort: web}")
    assert service(named, pods)["ports"] == [{"port": 80, "targetPort": "web", "containerPorts": [9090]}]
    assert service(named)["ports"] == [{"port": 80, "targetPort": "web"}]


@pytest.mark.parametrize(
    ("spec", "annotation", "of_namespace", "found"),
    [
        ("trafficDistribution: PreferClose, ", "", "", "PreferSameZone"),
        ("trafficDistribution: PreferSameNode, ", "prefer-nothing", "", "PreferSameNode"),
        ("", "prefersamezone", "PreferSameNode", "PreferSameZone"),
        ("", "", "PreferSameNode", "PreferSameNode"),
        ("", "any", "PreferSameNode", None),
        ("", "", "", None),
    ],
)
def test_the_traffic_distribution_that_istio_takes(
    spec: str, annotation: str, of_namespace: str, found: str | None
) -> None:
    key = "networking.istio.io/traffic-distribution"
    own = f", annotations: {{{key}: {annotation}}}" if annotation else ""
    theirs = f", annotations: {{{key}: {of_namespace}}}" if of_namespace else ""
    text = SERVICE.replace("spec: {", f"spec: {{{spec}").replace("namespace: shop}", f"namespace: shop{own}}}")
    namespace = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{theirs}}}\n"
    assert service(text, namespace).get("trafficDistribution") == found
