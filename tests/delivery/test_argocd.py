"""What Argo CD is given of a fleet."""

from __future__ import annotations

import pytest

from meshgen.delivery.argocd import application_name
from tests.fleets import LACKS, Compiled, compiled, read

_FLEET = """
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  delivery:
    engine: argocd
    repoURL: https://git.example.com/fleet.git
    {}
  clusters: [{{name: c1, region: eu, network: n1{}}}, {{name: c2, region: us, network: n2{}}}]
"""


def delivered(rest: str = "", *, c1: str = "", c2: str = "") -> Compiled:
    found = compiled(LACKS, _FLEET.format(rest, c1, c2))
    assert found.errors == []
    return found


def file(found: Compiled, name: str) -> dict[str, dict[str, object]]:
    return dict(read(found.files[f"_delivery/argocd/{name}.yaml"].decode()))


def test_a_fleet_that_says_nothing_of_delivery_gets_none() -> None:
    assert [path for path in compiled(LACKS).files if path.startswith("_delivery")] == []


def test_the_clusters_get_the_same_whoever_delivers() -> None:
    delivered_ = {path: text for path, text in delivered().files.items() if not path.startswith("_delivery")}
    assert delivered_ == compiled(LACKS).files


def test_the_project_permits_the_repository_the_clusters_and_every_kind_of_the_platform() -> None:
    spec = file(delivered(), "appproject.argoproj.io_meshgen")["spec"]
    assert spec["sourceRepos"] == ["https://git.example.com/fleet.git"]
    assert spec["destinations"] == [{"name": "c1", "namespace": "*"}, {"name": "c2", "namespace": "*"}]
    assert spec["clusterResourceWhitelist"] == [{"group": "", "kind": "Namespace"}]
    kinds = [f"{item['kind']}.{item['group']}".strip(".") for item in spec["namespaceResourceWhitelist"]]  # type: ignore[attr-defined]
    assert kinds == [
        "ConfigMap", "Service", "ServiceAccount", "Deployment.apps", "HorizontalPodAutoscaler.autoscaling", "Job.batch",
        "Certificate.cert-manager.io", "DNSEndpoint.externaldns.k8s.io", "Gateway.gateway.networking.k8s.io",
        "Gslb.k8gb.io", "DestinationRule.networking.istio.io", "Gateway.networking.istio.io",
        "ServiceEntry.networking.istio.io", "VirtualService.networking.istio.io", "WorkloadEntry.networking.istio.io",
        "PodDisruptionBudget.policy",
    ]  # fmt: skip


def test_the_project_is_there_before_the_application_set_asks_for_it() -> None:
    """Kinds of one wave are applied by name, and "ApplicationSet" comes first."""
    project = file(delivered(), "appproject.argoproj.io_meshgen")["metadata"]["annotations"]
    others = file(delivered(), "applicationset.argoproj.io_meshgen")["metadata"]["annotations"]
    assert project == {"argocd.argoproj.io/sync-wave": "-1", "meshgen.io/source": "fleet/demo"}
    assert "argocd.argoproj.io/sync-wave" not in others  # type: ignore[operator]


def test_a_cluster_that_leaves_is_permitted_until_its_objects_are_gone() -> None:
    spec = file(delivered("leaving: [c0]"), "appproject.argoproj.io_meshgen")["spec"]
    assert [item["name"] for item in spec["destinations"]] == ["c0", "c1", "c2"]  # type: ignore[attr-defined]


def test_one_object_makes_an_application_for_each_cluster() -> None:
    spec = file(delivered("path: mesh/output"), "applicationset.argoproj.io_meshgen")["spec"]
    assert spec["generators"] == [
        {
            "list": {
                "elements": [
                    {
                        "cluster": name,
                        "name": f"meshgen-{name}",
                        "path": f"mesh/output/{name}",
                        "revision": "main",
                        "wave": "last",
                    }
                    for name in ("c1", "c2")
                ]
            }
        }
    ]
    assert "strategy" not in spec


def test_waves_are_steps_and_who_has_none_comes_last() -> None:
    spec = file(delivered(c1=", wave: 0"), "applicationset.argoproj.io_meshgen")["spec"]
    assert spec["strategy"] == {
        "type": "RollingSync",
        "rollingSync": {
            "steps": [
                {"matchExpressions": [{"key": "meshgen.io/wave", "operator": "In", "values": [wave]}]}
                for wave in ("0", "last")
            ]
        },
    }


def test_waves_that_follow_revisions_of_their_own_need_no_steps() -> None:
    found = delivered("waves: [{wave: 0, revision: canary}]", c1=", wave: 0")
    spec = file(found, "applicationset.argoproj.io_meshgen")["spec"]
    assert "strategy" not in spec
    elements = spec["generators"][0]["list"]["elements"]  # type: ignore[index]
    assert [element["revision"] for element in elements] == ["canary", "main"]


def test_an_application_can_be_an_object_of_its_own() -> None:
    found = delivered(
        "{applicationSet: false, path: ., namespace: gitops, project: mesh}".strip("{}").replace(", ", "\n    ")
    )
    files = [path for path in found.files if path.startswith("_delivery")]
    assert files == [
        "_delivery/argocd/application.argoproj.io_mesh-c1.yaml",
        "_delivery/argocd/application.argoproj.io_mesh-c2.yaml",
        "_delivery/argocd/appproject.argoproj.io_mesh.yaml",
        "_delivery/argocd/values/argocd-cm.yaml",
    ]
    application = file(found, "application.argoproj.io_mesh-c1")
    assert application["metadata"]["namespace"] == "gitops"
    assert application["spec"]["source"] == {
        "repoURL": "https://git.example.com/fleet.git",
        "targetRevision": "main",
        "path": "c1",
        "directory": {"recurse": True},
    }
    assert application["spec"]["destination"] == {"name": "c1"}


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("eu-1", "meshgen-eu-1"),
        ("eu.prod-1", "meshgen-eu.prod-1"),
        ("EU_1", "meshgen-eu-1-42f8507d"),
        ("eu..1", "meshgen-eu-1-8d946976"),
    ],
)
def test_an_application_is_named_after_its_cluster_as_far_as_kubernetes_allows(cluster: str, name: str) -> None:
    assert application_name("meshgen", cluster) == name


def test_a_kind_whose_status_says_what_argo_cd_does_not_know_gets_a_health_check() -> None:
    data = file(delivered(), "values/argocd-cm")["data"]
    assert list(data) == ["resource.customizations.health.externaldns.k8s.io_DNSEndpoint"]
    assert "obj.status.observedGeneration == obj.metadata.generation" in str(data.popitem()[1])
