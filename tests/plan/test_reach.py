"""How callers reach hosts is what the planned entries do, and what a control plane does where there are none."""

from __future__ import annotations

import pytest

from meshgen.plan.diff import Loss, lost, used_by, uses
from meshgen.plan.model import GatewayAddress
from meshgen.plan.reach import Reach, Reaches, Source
from tests.fleets import HAS, LACKS, Compiled, compiled

WEB = "web.shop.svc.cluster.local"
STUB = """
kind: Inventory
metadata: {name: c1}
spec: {istio: {dnsCapture: false}, namespaces: [{name: shop}]}
"""
TSB = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: tsb
  tetrate: {organization: o, tenant: t, managementCluster: c1}
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
"""
C2 = Source(GatewayAddress("c2", "shop", "ew"), ("cluster.local/ns/shop/sa/web",), "")


def reach(found: Compiled, consumer: str = "c1") -> dict[str, Reach]:
    return dict(Reaches(found.calls).of(consumer))


@pytest.mark.parametrize("texts", [(LACKS,), (HAS,), (LACKS, STUB)], ids=["ServiceEntry", "WorkloadEntry", "stub"])
def test_sources_are_those_of_the_planned_entries(texts: tuple[str, ...]) -> None:
    found = compiled(*texts)
    used = {
        use for consumer in ("c1", "c2") for host, each in reach(found, consumer).items()
        for use in used_by(consumer, host, each)
    }  # fmt: skip
    assert used == uses(found.plan) != set()


def test_where_a_cluster_lacks_the_service() -> None:
    assert reach(compiled(LACKS)) == {WEB: Reach(False, None, (C2,), (80,), False)}  # noqa: FBT003


def test_a_copy_of_its_own_is_another_place() -> None:
    found = reach(compiled(HAS))[WEB]
    assert (found.own, found.places, found.clusters) == (True, 2, frozenset({"c2"}))
    assert found.accepted == frozenset({"cluster.local/ns/shop/sa/web"})


def test_a_control_planes_calls_have_sources_without_entries() -> None:
    found = compiled(LACKS, TSB)
    assert uses(found.plan) == set()
    assert reach(found)[WEB].clusters == {"c2"}


def test_an_unknown_account_makes_all_accepted() -> None:
    unknown = LACKS.replace(", serviceAccounts: [web]", "")
    assert reach(compiled(unknown))[WEB].accepted is None


SHOP = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  consumers: {names: [c1]}
"""


def test_a_cluster_that_leaves_the_levels_is_lost_like_any_source() -> None:
    before = reach(compiled(HAS, SHOP))[WEB]
    found = compiled(HAS, SHOP + "  traffic: {mode: ordered, order: [{names: [c1]}]}\n")
    after = Reaches(found.calls).at("c1", WEB)
    assert lost("c1", WEB, before, after) == Loss("c1", WEB, "failover", (C2.gateway,), own=False, ports=())
