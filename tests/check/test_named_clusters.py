"""A cluster that the fleet does not have is found wherever the language lets people choose clusters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from meshgen.language.base import ClusterSelector
from meshgen.pipeline import check_fleet
from tests.walk import models, written

if TYPE_CHECKING:
    from pathlib import Path


BY_THEIR_OWN_RULES = {"TrafficPolicy.order", "TrafficPolicy.weights", "TrafficPolicy.sources"}
"""MG431 and MG432 say who is not there."""


def stranger(name: str) -> dict[str, list[str]]:
    return {"names": [name]}


GATEWAY = {
    "name": "eastwest-gateway",
    "namespace": "shop",
    "clusters": stranger("GatewaySettings.clusters"),
    "draining": stranger("GatewaySettings.draining"),
    "overrides": [{"clusters": stranger("GatewayOverride.clusters"), "replicas": 3}],
}
SERVICE = {
    "host": "web.shop.svc.cluster.local",
    "consumers": stranger("ExposedService.consumers"),
    "draining": stranger("ExposedService.draining"),
}
WORKSPACE = {
    "name": "shop",
    "namespaceSelector": {"names": ["*/shop"]},
    "eastWestGateway": GATEWAY,
    "exposedServices": [SERVICE],
    "consumers": stranger("Workspace.consumers"),
    "draining": stranger("Workspace.draining"),
}
PUBLISHED = {
    "name": "web",
    "host": "web.example.com",
    "workspace": "shop",
    "service": "web.shop.svc.cluster.local",
    "port": 80,
    "ingressGateway": {"name": "ingress-gateway", "namespace": "shop"},
    "draining": stranger("PublishedHost.draining"),
}
SPEC = {
    "platform": "istio",
    "clusters": [{"name": "cluster-1", "region": "a", "network": "a"}],
    "gateways": [{"name": "ingress-gateway", "namespace": "shop", "role": "ingress"}],
    "workspaces": [WORKSPACE],
    "publishedHosts": [PUBLISHED],
    "dns": {"zones": [{"name": "example.com", "clusters": stranger("Zone.clusters")}]},
}


def test_a_stranger_is_found_in_every_field_that_chooses_clusters(tmp_path: Path) -> None:
    choosing = {
        name
        for name, annotation in written()
        if any(issubclass(model, ClusterSelector) for model in models(annotation))
    }
    fields = choosing - BY_THEIR_OWN_RULES
    fleet = {"apiVersion": "meshgen.io/v1", "kind": "Fleet", "metadata": {"name": "demo"}, "spec": SPEC}
    (tmp_path / "fleet.yaml").write_text(json.dumps(fleet))
    found = {item.message for item in check_fleet(tmp_path).diagnostics if item.code == "MG204"}
    assert found == {f"the fleet has no cluster `{field}`" for field in fields}
