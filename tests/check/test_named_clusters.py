"""A cluster that the fleet does not have is found wherever the language lets people choose clusters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from meshgen.language.base import ClusterSelector
from meshgen.pipeline import check_fleet
from tests.walk import models, written

if TYPE_CHECKING:
    from pathlib import Path


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
    "traffic": {
        "order": [stranger("TrafficPolicy.order")],
        "weights": [{**stranger("TrafficPolicy.weights"), "share": 1}],
        "sources": stranger("TrafficPolicy.sources"),
    },
    "workspaces": [WORKSPACE],
    "publishedHosts": [PUBLISHED],
    "dns": {"zones": [{"name": "example.com", "clusters": stranger("Zone.clusters")}]},
}


def test_a_stranger_is_found_in_every_field_that_chooses_clusters(tmp_path: Path) -> None:
    fields = {
        name
        for name, annotation in written()
        if any(issubclass(model, ClusterSelector) for model in models(annotation))
    }
    fleet = {"apiVersion": "meshgen.io/v1", "kind": "Fleet", "metadata": {"name": "demo"}, "spec": SPEC}
    (tmp_path / "fleet.yaml").write_text(json.dumps(fleet))
    found = {item.message for item in check_fleet(tmp_path).diagnostics if item.code == "MG204"}
    assert found == {f"the fleet has no cluster `{field}`" for field in fields}


def test_a_stranger_is_found_in_every_place_of_a_traffic_policy(tmp_path: Path) -> None:
    def policy(name: str) -> dict[str, object]:
        return {"sources": {"names": ["cluster-1", name]}}

    spec = {
        **SPEC,
        "traffic": policy("of-the-fleet"),
        "workspaces": [
            {
                **WORKSPACE,
                "traffic": policy("of-a-workspace"),
                "exposedServices": [{**SERVICE, "traffic": policy("of-a-service")}],
            }
        ],
        "publishedHosts": [{**PUBLISHED, "traffic": policy("of-a-host"), "entryPoints": policy("of-entry-points")}],
    }
    fleet = {"apiVersion": "meshgen.io/v1", "kind": "Fleet", "metadata": {"name": "demo"}, "spec": spec}
    (tmp_path / "fleet.yaml").write_text(json.dumps(fleet))
    found = {item.message for item in check_fleet(tmp_path).diagnostics if item.code == "MG204"}
    places = ("of-the-fleet", "of-a-workspace", "of-a-service", "of-a-host", "of-entry-points")
    assert {f"the fleet has no cluster `{name}`" for name in places} <= found
