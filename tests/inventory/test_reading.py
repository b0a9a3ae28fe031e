"""What is read of a running cluster says the same as the manifests of all that it has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from meshgen.inventory.collect import collect
from meshgen.inventory.merge import merge
from meshgen.inventory.reading import observe
from meshgen.live import Api
from tests.imports.test_imports import CLUSTERS, cases, manifests
from tests.inventory.importing import spec_of
from tests.live.standin import RESOURCES, TOKEN, Standin

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_MAPS = {"istio", "istio-sidecar-injector"}
GROUPS = {"networking.istio.io", "security.istio.io", "gateway.networking.k8s.io"}


class Direct(Api):
    """Asks a stand-in without a network between."""

    def __init__(self, standin: Standin) -> None:
        super().__init__(None, "", 1)
        self._standin = standin

    def _get(self, path: str, accept: str, deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        del accept, deadline
        url = urlsplit(path)
        return self._standin.answer(url.path, dict(parse_qsl(url.query)), f"Bearer {TOKEN}")


def readable(text: str) -> list[dict[str, Any]]:
    """The objects of a list that an API server has and a pull reads, as the server has them."""
    items = [item for item in json.loads(text)["items"] if (item["apiVersion"], item["kind"]) in RESOURCES]
    for item in items:
        if RESOURCES[item["apiVersion"], item["kind"]][1]:
            item["metadata"].setdefault("namespace", "default")
    return [item for item in items if item["kind"] != "ConfigMap" or item["metadata"]["name"] in CONFIG_MAPS]


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("case", cases())
def test_a_cluster_says_what_its_manifests_say(case: dict[str, Any], cluster: str) -> None:
    """And whether it has the Gateway API, which manifests do not always show."""
    items = readable(manifests(case, cluster))
    observed = observe(Direct(Standin(items, groups=GROUPS)), cluster)
    facts, findings = collect(observed.documents, "default", gateway_api=observed.gateway_api)
    assert [*observed.findings, *findings] == []
    expected = spec_of(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    expected["istio"] = expected.get("istio", {}) | {"gatewayAPI": True}
    assert merge({}, facts, replace=True) == expected
