"""Istio's own sample, from the Go module of Istio: in the module cache, or fetched with Go."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from meshgen.inventory.command import Request, run

MODULE = "istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad"

BOOKINFO = """\
apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: cluster-1}
spec:
  namespaces:
  - {name: bookinfo}
  services:
  - name: details
    namespace: bookinfo
    labels: {app: details, service: details}
    selector: {app: details}
    ports: [{name: http, port: 9080}]
    serviceAccounts: [bookinfo-details]
    workloads: [Deployment]
  - name: productpage
    namespace: bookinfo
    labels: {app: productpage, service: productpage}
    selector: {app: productpage}
    ports: [{name: http, port: 9080}]
    serviceAccounts: [bookinfo-productpage]
    workloads: [Deployment]
  - name: ratings
    namespace: bookinfo
    labels: {app: ratings, service: ratings}
    selector: {app: ratings}
    ports: [{name: http, port: 9080}]
    serviceAccounts: [bookinfo-ratings]
    workloads: [Deployment]
  - name: reviews
    namespace: bookinfo
    labels: {app: reviews, service: reviews}
    selector: {app: reviews}
    ports: [{name: http, port: 9080}]
    serviceAccounts: [bookinfo-reviews]
    workloads: [Deployment]
"""

RULES = """\
  destinationRules:
  - name: details
    namespace: bookinfo
    host: details
    subsets: [v1, v2]
  - name: originate-tls-for-googleapis
    namespace: bookinfo
    host: www.googleapis.com
    trafficPolicy: true
    portLevelSettings: [{port: 443, tlsMode: SIMPLE}]
  - name: productpage
    namespace: bookinfo
    host: productpage
    subsets: [v1]
  - name: ratings
    namespace: bookinfo
    host: ratings
    subsets: [v1, v2, v2-mysql, v2-mysql-vm]
  - name: reviews
    namespace: bookinfo
    host: reviews
    subsets: [v1, v2, v3]
  virtualServices:
  - name: bookinfo
    namespace: bookinfo
    hosts: ["*"]
    gateways: [bookinfo-gateway]
    destinations: [{host: productpage, retries: mesh}]
  - name: details
    namespace: bookinfo
    hosts: [details]
  - name: productpage
    namespace: bookinfo
    hosts: [productpage]
  - name: ratings
    namespace: bookinfo
    hosts: [ratings]
  - name: reviews
    namespace: bookinfo
    hosts: [reviews]
  - name: rewrite-port-for-googleapis
    namespace: bookinfo
    hosts: [www.googleapis.com]
  serviceEntries:
  - name: googleapis
    namespace: bookinfo
    hosts: [www.googleapis.com]
    resolution: DNS
  istioGateways:
  - name: bookinfo-gateway
    namespace: bookinfo
    selector: {istio: ingressgateway}
    servers: [{port: 8080, hosts: ["*"]}]
"""


@pytest.fixture(scope="module")
def samples() -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed: it fetches Istio's samples")
    found = subprocess.run([go, "mod", "download", "-json", MODULE], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return Path(json.loads(found.stdout)["Dir"]) / "samples/bookinfo"


def imported(tmp_path: Path, *paths: Path) -> str:
    target = tmp_path / "cluster-1.yaml"
    result = run(Request("cluster-1", "bookinfo", tmp_path, target, False, True, tuple(map(str, paths))))  # noqa: FBT003
    assert result.findings == []
    return result.text


def test_the_inventory_of_bookinfo(samples: Path, tmp_path: Path) -> None:
    assert imported(tmp_path, samples / "platform/kube/bookinfo.yaml") == BOOKINFO


def test_the_rules_of_bookinfo(samples: Path, tmp_path: Path) -> None:
    names = ("bookinfo-gateway", "destination-rule-all", "egress-rule-google-apis", "virtual-service-all-v1")
    rules = [samples / f"networking/{name}.yaml" for name in names]
    found = imported(tmp_path, samples / "platform/kube/bookinfo.yaml", *rules)
    assert found == BOOKINFO + RULES


def test_every_rule_of_bookinfo_can_be_read(samples: Path, tmp_path: Path) -> None:
    files = sorted((samples / "networking").glob("*.yaml"))
    assert len(files) == 21
    for file in files:
        assert imported(tmp_path, file).startswith("apiVersion: meshgen.io/v1\nkind: Inventory\n")
