"""Why callers are not sent to a cluster, for everything that can be in the way."""

from __future__ import annotations

import pytest

from meshgen.analysis.relations import Relations
from meshgen.calls import Calls, Reason
from meshgen.calls.absence import absent_source
from meshgen.language.typed import typed_fleet
from meshgen.load import load_contents
from tests.fleets import HAS, LACKS, fleet

WEB = "web.shop.svc.cluster.local"
C2 = LACKS[LACKS.rindex("kind: Inventory") :]
SHOP = '{namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop}'


def shop(more: str = "", start: str = SHOP) -> str:
    return f"\nkind: Workspace\nmetadata: {{name: shop}}\nspec: {start}{more}}}\n"


def clusters(text: str) -> str:
    return f"\nkind: Fleet\nmetadata: {{name: demo}}\nspec: {{platform: istio, clusters: [{text}]}}\n"


C1 = "{name: c1, region: eu, network: n1}"


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ((clusters(C1),), Reason("no cluster", "c2")),
        ((clusters(f"{C1}, {{name: c2, network: n2, state: draining}}"),), Reason("cluster draining", "c2")),
        ((shop(", state: draining"),), Reason("workspace draining", "c2", ("shop",))),
        ((shop(f", exposedServices: [{{host: {WEB}, state: draining}}]"),), Reason("service draining", "c2")),
        ((shop(", draining: {names: [c2]}"),), Reason("workspace draining there", "c2", ("shop",))),
        ((shop(", traffic: {mode: ordered, order: [{names: [c1]}]}"),), Reason("not named", "c2")),
        ((shop(", traffic: {sources: {names: [c1]}}"),), Reason("not a source", "c2")),
        ((shop(", traffic: {mode: weighted, weights: [{names: ['*'], share: 0}]}"),), Reason("share 0", "c2")),
        (
            (shop(f", exposedServices: [{{host: {WEB}, draining: {{names: ['c*']}}}}]"),),
            Reason("service draining there", "c2"),
        ),
        (
            (shop(start=SHOP.replace("name: ew", "draining: {names: [c2]}, name: ew")),),
            Reason("gateway draining", "c2", ("shop/ew",)),
        ),
        ((C2.replace("name: web,", "name: web, state: leaving,"),), Reason("source state", "c2", ("leaving",))),
        ((C2.replace("192.0.2.1, 192.0.2.2", ""),), Reason("no address", "c2", ("shop/ew",))),
        (
            (clusters(f"{C1[:-1]}, ipFamilies: [IPv6]}}, {{name: c2, region: us, network: n2}}"),),
            Reason("no family", "c2", ("shop/ew",)),
        ),
        ((shop(", consumers: {names: [c2]}"),), Reason("no consumer", "c2", ("c1",))),
        ((C2.replace("namespaces: [{name: shop}]", "namespaces: []"),), Reason("no namespace", "c2", ("shop",))),
        ((C2.replace("name: web,", "name: other,"),), Reason("source gone", "c2")),
        ((shop(start=SHOP.replace("*/shop", "c1/shop")),), Reason("no workspace", "c2", ("shop",))),
        ((shop(start='{namespaceSelector: {names: ["*/shop"]}'),), Reason("no gateway", "c2", ("shop",))),
        (
            (shop(start=SHOP.replace("name: ew", "clusters: {names: [c1]}, name: ew")),),
            Reason("gateway elsewhere", "c2", ("shop/ew", "shop")),
        ),
        ((shop(", exposedServices: []"),), Reason("not listed", "c2", ("shop",))),
        ((C2.replace("selector: {app: web}", "clusterIP: None"),), Reason("cannot", "c2", ("is headless",))),
        ((HAS, shop(", failover: {enabled: false}")), Reason("failover off", "c1")),
        (
            (HAS, shop(start=SHOP.replace("*/shop", "c2/shop"))),
            Reason("namesake", "c1", ("shop",)),
        ),
    ],
    ids=lambda value: f"{value.why}" if isinstance(value, Reason) else "",
)
def test_the_reason(texts: tuple[str, ...], reason: Reason) -> None:
    loaded, problems = load_contents({"fleet.yaml": fleet(LACKS, *texts).encode()})
    typed, more = typed_fleet(loaded)
    assert typed is not None, [*problems, *more]
    assert absent_source(Calls(Relations(typed)), "c1", WEB, "c2") == reason


def test_an_order_of_clusters_that_are_none_leaves_out_everybody() -> None:
    order = "traffic: {mode: ordered, order: [{names: [x]}, {names: [y]}]}"
    loaded, problems = load_contents({"fleet.yaml": fleet(LACKS, shop(f", {order}")).encode()})
    typed, more = typed_fleet(loaded)
    assert typed is not None, [*problems, *more]
    call = Calls(Relations(typed)).of("c1")[WEB]
    assert (call.state, call.sources, call.imports) == ("unreachable", (), ())
