"""What makes something drain in a cluster: the first that says so, from the cluster inwards."""

from __future__ import annotations

from typing import Any

import pytest

from meshgen.analysis.draining import Drainable, draining
from meshgen.language.cluster import Cluster
from meshgen.language.gateway import GatewaySettings
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import ExposedService, Workspace

C1 = Cluster(name="c1", labels={"tier": "old"})
HERE = {"draining": {"names": ["c1"]}}
OLD = {"draining": {"labels": {"tier": "old"}}}
ELSEWHERE = {"draining": {"names": ["c2"]}}
GONE = {"state": "draining"}


def workspace(**said: Any) -> Workspace:
    return Workspace.model_validate({"name": "shop", "namespaceSelector": {"names": ["*/shop"]}, **said})


def service(**said: Any) -> ExposedService:
    return ExposedService.model_validate({"host": "web.shop.svc.cluster.local", **said})


GATEWAY = {"name": "ew", "namespace": "shop"}
HOST = {"name": "shop.example.com", "workspace": "shop", "ingressGateway": {"name": "in", "namespace": "shop"}}


@pytest.mark.parametrize(
    ("cluster", "items", "said"),
    [
        (C1, (workspace(), service(), GatewaySettings.model_validate(GATEWAY), None), None),
        (Cluster(name="c1", state="draining"), (workspace(**GONE),), ("cluster", "state")),
        (C1, (workspace(**GONE), service(**GONE)), ("workspace", "state")),
        (C1, (workspace(**GONE, **ELSEWHERE),), ("workspace", "state")),
        (C1, (workspace(**ELSEWHERE), service(**OLD)), ("service", "draining")),
        (C1, (workspace(), None, GatewaySettings.model_validate({**GATEWAY, **HERE})), ("gateway", "draining")),
        (C1, (PublishedHost.model_validate({**HOST, **HERE}),), ("host", "draining")),
        (C1, (PublishedHost.model_validate({**HOST, "draining": {"names": []}}),), None),
        (C1, (PublishedHost.model_validate({**HOST, "draining": {}}),), ("host", "draining")),
    ],
)
def test_the_first_that_says_so_counts(
    cluster: Cluster, items: tuple[Drainable | None, ...], said: tuple[str, str] | None
) -> None:
    found = draining(cluster, *items)
    assert (found and (found.what, found.field)) == said


@pytest.mark.parametrize(
    ("cluster", "item", "everywhere"),
    [
        (C1, workspace(**GONE), "everywhere"),
        (C1, service(**GONE), "everywhere"),
        (C1, workspace(**HERE), "in the cluster"),
        (Cluster(name="c1", state="draining"), workspace(), "in the cluster"),
    ],
)
def test_a_state_is_a_word_about_the_item_a_selector_about_its_clusters(
    cluster: Cluster, item: Drainable, everywhere: str
) -> None:
    found = draining(cluster, item)
    assert found is not None
    assert ("everywhere" if found.everywhere else "in the cluster") == everywhere
