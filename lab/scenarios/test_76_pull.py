"""Inventories from the running mesh, with the rights of the how-to and no others."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from lab.api import Api, RefusedError, reference
from lab.isolation import WORK
from lab.scenarios.drafts import BOOKINFO, service
from lab.workloads import service_object

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

HOWTO = Path(__file__).parents[2] / "docs" / "howto" / "inventory.md"
ACCOUNT = "meshgen-inventory"


def _rights() -> list[dict[str, Any]]:
    """The objects of the how-to that grant them."""
    blocks = [block.partition("```")[0] for block in HOWTO.read_text(encoding="utf-8").split("```yaml\n")[1:]]
    block = next(block for block in blocks if "kind: ClusterRole\n" in block)
    return list(YAML(typ="safe", pure=True).load_all(block))


def _kubeconfig(lab: Lab, tokens: dict[str, str]) -> Path:
    """Contexts for all clusters by their names, for the service account."""
    body: dict[str, list[dict[str, Any]]] = {"contexts": [], "clusters": [], "users": []}
    for name, cluster in lab.clusters.items():
        server = {
            "server": cluster.api.url,
            "certificate-authority": str(cluster.directory / "apiserver/apiserver.crt"),
        }
        body["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
        body["clusters"].append({"name": name, "cluster": server})
        body["users"].append({"name": name, "user": {"token": tokens[name]}})
    path = WORK / "reader.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def _split(fleet: Path) -> Path:
    """The fleet with a file for each inventory, as `pull` writes them."""
    for document in list(YAML(typ="safe", pure=True).load_all(fleet / "fleet.yaml")):
        path = fleet / "fleet.yaml"
        if document["kind"] == "Inventory":
            path = fleet / "inventory" / f"{document['metadata']['name']}.yaml"
            path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return fleet


def _meshgen(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "meshgen", "inventory", *arguments, "--format", "concise"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_was_built_and_applied_is_pulled_without_a_difference(own_stage: Stage, show: Show) -> None:
    """And a Service that comes by hand, or a right that goes, is said."""
    lab = own_stage.boot(BOOKINFO.changed())
    tokens = {}
    for name, cluster in lab.clusters.items():
        cluster.authorization = "RBAC"
        cluster.stop_control_plane()
        cluster.restart_control_plane()
        for body in _rights():
            cluster.api.apply(body)
        tokens[name] = cluster.api.token_of("istio-system", ACCOUNT, "https://kubernetes.default.svc")
        with pytest.raises(RefusedError, match="forbidden"):
            Api(cluster.api.url, tokens[name]).items("v1", "Secret")
    kubeconfig = str(_kubeconfig(lab, tokens))
    fleet = _split(BOOKINFO.write(WORK / "pulled"))
    common = ("--fleet", str(fleet), "--kubeconfig", kubeconfig)
    for name in lab.clusters:
        done = _meshgen("pull", "--cluster", name, *common)
        show(f"first pull of {name}", done.stderr)
        assert done.returncode == 0, done.stderr
    lab.build(fleet)
    changes = lab.sync(pause=0)
    show("what the build of the pulled inventories changes", changes)
    done = _meshgen("check", *common)
    # The lab's own root lives for two days.
    assert (done.returncode, done.stdout.count("warning[MG754]"), done.stdout.count("\n")) == (0, 2, 3), done.stdout
    for name in lab.clusters:
        assert "is up to date" in _meshgen("pull", "--cluster", name, *common).stderr
    known = YAML(typ="safe", pure=True).load(fleet / "inventory" / "c1.yaml")["spec"]
    pem = lab.clusters["c1"].root_certificate.read_text(encoding="ascii")
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    assert [root["fingerprint"] for root in known["istio"]["rootCertificates"]] == [fingerprint]

    lab.clusters["c1"].api.apply(service_object(service("reviews")), manager="team")
    done = _meshgen("check", *common)
    assert done.returncode == 1
    assert "error[MG750] `c1` has the Service `bookinfo/reviews`, which its inventory does not have" in done.stdout

    role = next(body for body in _rights() if body["kind"] == "ClusterRole")
    binding = reference("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", role["metadata"]["name"])
    lab.clusters["c2"].api.delete(binding)
    done = _meshgen("pull", "--cluster", "c2", *common)
    assert done.returncode == 1
    assert "error[MG745] the user may not read `namespaces`, `nodes`, `services`, `pods`" in done.stderr
