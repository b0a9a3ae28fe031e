"""What Flux reads of a fleet: `_delivery/<cluster>`, one directory for each cluster (ADR 46)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.delivery import engine
from meshgen.delivery.flux import PARTS
from meshgen.emit.artifact import Stage
from tests.fleets import LACKS, THIRD, compiled, read

if TYPE_CHECKING:
    from tests.fleets import Compiled

DELIVERED = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
  delivery: {engine: flux, repoURL: "https://git.example.com/fleet.git"}
"""
FLUX = f"{LACKS}\n---\n{DELIVERED}"


def said(fleet: Compiled, path: str) -> Any:
    return read(fleet.files[f"_delivery/{path}"].decode())


def spec(fleet: Compiled, kind: str, name: str, cluster: str = "c1") -> Any:
    return said(fleet, f"{cluster}/{kind}_{name}.yaml")["spec"]


def kustomization(fleet: Compiled, name: str, cluster: str = "c1") -> Any:
    return spec(fleet, "kustomization.kustomize.toolkit.fluxcd.io", name, cluster)


def listed(fleet: Compiled, directory: str) -> list[str]:
    """The files that a Kustomization of this directory applies, as kustomize finds them."""
    found = []
    for resource in said(fleet, f"{directory}/kustomization.yaml")["resources"]:
        path = _normal(PurePosixPath("_delivery") / directory / resource)
        inner = path.removeprefix("_delivery/")
        found += [path] if path in fleet.files else listed(fleet, inner)
    return found


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_a_repository_for_each_cluster() -> None:
    fleet = compiled(FLUX)
    assert said(fleet, "c1/gitrepository.source.toolkit.fluxcd.io_meshgen.yaml") == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": {
            "name": "meshgen",
            "namespace": "flux-system",
            "labels": {"app.kubernetes.io/managed-by": "meshgen"},
            "annotations": {"meshgen.io/source": "fleet/demo"},
        },
        "spec": {"interval": "1m", "url": "https://git.example.com/fleet.git", "ref": {"branch": "main"}},
    }


def test_kustomizations_wait_for_one_another() -> None:
    common = {
        "interval": "10m",
        "retryInterval": "1m",
        "timeout": "2m",
        "sourceRef": {"kind": "GitRepository", "name": "meshgen"},
        "prune": True,
        "deletionPolicy": "Orphan",
    }
    health = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ew", "namespace": "shop"},
        {"apiVersion": "v1", "kind": "Service", "name": "ew", "namespace": "shop"},
    ]
    fleet = compiled(FLUX)
    names = ["meshgen", "meshgen-exposure", "meshgen-traffic", "meshgen-gateways"]
    assert {name: kustomization(fleet, name, "c2") for name in names} == {
        "meshgen": {**common, "path": "./output/_delivery/c2"},
        "meshgen-exposure": {
            **common,
            "path": "./output/_delivery/c2/exposure",
            "dependsOn": [{"name": "meshgen"}],
        },
        "meshgen-traffic": {
            **common,
            "path": "./output/_delivery/c2/traffic",
            "dependsOn": [{"name": "meshgen-exposure"}],
        },
        "meshgen-gateways": {
            **common,
            "path": "./output/_delivery/c2/gateways",
            "dependsOn": [{"name": "meshgen-traffic"}],
            "healthChecks": health,
            "healthCheckExprs": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "current": "spec.type != 'LoadBalancer' || has(status.loadBalancer.ingress)",
                }
            ],
        },
    }


def test_the_first_one_applies_them_all() -> None:
    assert listed(compiled(FLUX), "c1") == [
        "_delivery/c1/gitrepository.source.toolkit.fluxcd.io_meshgen.yaml",
        "_delivery/c1/kustomization.kustomize.toolkit.fluxcd.io_meshgen-exposure.yaml",
        "_delivery/c1/kustomization.kustomize.toolkit.fluxcd.io_meshgen-gateways.yaml",
        "_delivery/c1/kustomization.kustomize.toolkit.fluxcd.io_meshgen-traffic.yaml",
        "_delivery/c1/kustomization.kustomize.toolkit.fluxcd.io_meshgen.yaml",
    ]


def test_a_part_lists_its_namespaces_and_each_of_these_its_files() -> None:
    fleet = compiled(FLUX)
    assert said(fleet, "c2/exposure/kustomization.yaml") == {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["shop"],
    }
    (gateway,) = (path for path in fleet.files if path.startswith("c2/shop/gateway."))
    assert said(fleet, "c2/exposure/shop/kustomization.yaml")["resources"] == [f"../../../../{gateway}"]


@pytest.mark.parametrize("cluster", ["c1", "c2"])
def test_every_file_of_a_cluster_is_in_one_part(cluster: str) -> None:
    fleet = compiled(FLUX)
    found = [path for part in PARTS for path in listed(fleet, f"{cluster}/{part.name}")]
    assert sorted(found) == sorted(path for path in fleet.files if path.startswith(f"{cluster}/"))


def test_every_stage_is_in_one_part_and_they_keep_its_order() -> None:
    stages = [stage for part in PARTS for stage in sorted(part.stages)]
    assert stages == sorted(map(int, Stage))


def test_clusters_get_the_same_files_from_every_engine() -> None:
    other = compiled(FLUX.replace("engine: flux", "engine: argocd"))
    without = compiled(LACKS)
    clusters = [
        {path: content for path, content in fleet.files.items() if not path.startswith("_")}
        for fleet in (compiled(FLUX), other, without)
    ]
    assert clusters[0] == clusters[1] == clusters[2]


def test_nothing_is_substituted() -> None:
    """`${…}` in a manifest stays: Flux replaces it only with `spec.postBuild` (kustomization_controller.go)."""
    assert all("postBuild" not in item.body["spec"] for item in compiled(FLUX).manifests("Kustomization"))


def test_a_part_without_objects_is_an_empty_list() -> None:
    """c2 calls nobody. Flux deletes what the part had, as it has to."""
    fleet = compiled(FLUX)
    assert said(fleet, "c2/traffic/kustomization.yaml")["resources"] == []
    assert said(fleet, "c2/gateways/kustomization.yaml")["resources"] == ["shop"]


def test_a_cluster_without_objects_names_a_directory_that_is_not_there() -> None:
    """Else Flux would delete all that the cluster has (measured)."""
    with_third = DELIVERED.replace("network: n2}]", "network: n2}, {name: c3, region: us, network: n3}]")
    exposes_nothing = FLUX.replace("namespace: shop}}", "namespace: shop}, exposedServices: []}")
    fleet = compiled(exposes_nothing, THIRD, with_third)
    assert [path for path in fleet.files if path.startswith("c3/")] == []
    for part in PARTS:
        assert said(fleet, f"c3/{part.name}/kustomization.yaml")["resources"] == ["../../../c3"]


@pytest.mark.parametrize(
    ("revision", "reference"),
    [
        ("main", {"branch": "main"}),
        ("environments/canary", {"branch": "environments/canary"}),
        ("refs/tags/v1", {"name": "refs/tags/v1"}),
        ("0123456789abcdef0123456789abcdef01234567", {"commit": "0123456789abcdef0123456789abcdef01234567"}),
    ],
)
def test_what_is_followed(revision: str, reference: dict[str, str]) -> None:
    fleet = compiled(FLUX, DELIVERED.replace("engine: flux", f'engine: flux, revision: "{revision}"'))
    assert spec(fleet, "gitrepository.source.toolkit.fluxcd.io", "meshgen")["ref"] == reference


def test_names_of_the_fleets_choice() -> None:
    chosen = 'engine: flux, project: mesh, namespace: gitops, path: "."'
    fleet = compiled(FLUX, DELIVERED.replace("engine: flux", chosen))
    exposure = said(fleet, "c1/kustomization.kustomize.toolkit.fluxcd.io_mesh-exposure.yaml")
    assert exposure["metadata"]["namespace"] == "gitops"
    assert (exposure["spec"]["path"], exposure["spec"]["sourceRef"]["name"]) == ("./_delivery/c1/exposure", "mesh")


def test_a_wave_follows_its_revision() -> None:
    waved = DELIVERED.replace("network: n1}", "network: n1, wave: 0}").replace(
        "engine: flux", "engine: flux, waves: [{wave: 0, revision: canary}]"
    )
    fleet = compiled(FLUX, waved)
    kind = "gitrepository.source.toolkit.fluxcd.io"
    assert [spec(fleet, kind, "meshgen", cluster)["ref"]["branch"] for cluster in ("c1", "c2")] == ["canary", "main"]


def test_flux_is_an_engine() -> None:
    assert (engine("flux").title, engine("flux").namespace) == ("Flux", "flux-system")


def test_a_gate_is_waited_for() -> None:
    gated = FLUX.replace('fleet.git"}', 'fleet.git", gate: {image: "example.com/curl:8"}}')
    checks = kustomization(compiled(gated), "meshgen-gateways")["healthChecks"]
    assert [check["namespace"] for check in checks if check["kind"] == "Job"] == ["meshgen-gate"]
