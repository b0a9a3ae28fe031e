"""Where gateways of edge and ingress roles are, who comes to them, and how that sets them up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.analysis.routes import Dialled, dialled
from tests.fleets import compiled

if TYPE_CHECKING:
    from meshgen.analysis.relations import Relations

CLUSTERS = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: e1, region: eu, network: n3, role: edge}
---
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}}
---
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: shop}]}
---
kind: Inventory
metadata: {name: c2}
spec: {namespaces: [{name: bank}]}
---
kind: Inventory
metadata: {name: e1}
spec: {namespaces: [{name: shop}]}
"""
INGRESS = ("shop", "in")
EDGE = ("edge", "edge")


def relations(*texts: str) -> Relations:
    return compiled(CLUSTERS, *texts).calls.relations


def gateway(key: tuple[str, str], settings: str) -> str:
    return f"kind: Gateway\nmetadata: {{name: {key[1]}}}\nspec: {{namespace: {key[0]}, {settings}}}\n"


def published(name: str, settings: str = "", edge: str = "{name: edge, namespace: edge}") -> str:
    return f"""
kind: PublishedHost
metadata: {{name: {name}}}
spec:
  host: {name}.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {{name: in, namespace: shop}}
  {f"edgeGateway: {edge}" if edge else ""}
  {settings}
"""


def places(found: Relations, key: tuple[str, str]) -> list[str]:
    return [cluster for cluster, gateways in found.gateway_places.items() if key in gateways]


@pytest.mark.parametrize(
    ("key", "settings", "hosts", "where"),
    [
        (INGRESS, "role: ingress", [published("shop")], ["c1"]),
        (INGRESS, "role: ingress", [], []),
        (INGRESS, "role: ingress, clusters: {names: [c2]}", [], ["c2"]),
        (INGRESS, 'role: ingress, clusters: {names: ["*"]}', [published("shop")], ["c1", "c2", "e1"]),
        (EDGE, "role: edge", [], ["e1"]),
        (EDGE, "role: edge, clusters: {names: [c1]}", [published("shop")], ["c1"]),
    ],
)
def test_where_a_gateway_is(key: tuple[str, str], settings: str, hosts: list[str], where: list[str]) -> None:
    assert places(relations(gateway(key, settings), *hosts), key) == where


@pytest.mark.parametrize(
    ("hosts", "who"),
    [
        ([], set()),
        ([published("shop")], {"edges"}),
        ([published("shop", edge="")], {"users"}),
        ([published("shop"), published("api", edge="")], {"edges", "users"}),
    ],
)
def test_an_ingress_gateway_stays_in_its_cluster_where_edges_come(hosts: list[str], who: set[str]) -> None:
    found = relations(gateway(INGRESS, "role: ingress, clusters: {names: [c1]}"), gateway(EDGE, "role: edge"), *hosts)
    assert found.comers(INGRESS) == who
    assert found.gateway_setups["c1"][INGRESS].local == ("edges" in who)
    assert found.gateway_setups["e1"][EDGE].local is False


@pytest.mark.parametrize(
    ("ingress", "edge", "trusted"),
    [
        ("", "", (1, None)),
        ("", ", numTrustedProxies: 2", (3, 2)),
        (", numTrustedProxies: 0", ", numTrustedProxies: 2", (0, 2)),
    ],
)
def test_an_edge_gateway_is_a_proxy_before_its_ingress_gateway(
    ingress: str, edge: str, trusted: tuple[int | None, int | None]
) -> None:
    texts = gateway(INGRESS, f"role: ingress{ingress}"), gateway(EDGE, f"role: edge{edge}"), published("shop")
    setups = relations(*texts).gateway_setups
    assert (setups["c1"][INGRESS].trusted_proxies, setups["e1"][EDGE].trusted_proxies) == trusted


def test_of_several_edge_gateways_the_fewest_proxies_are_trusted() -> None:
    found = relations(
        gateway(INGRESS, "role: ingress"),
        gateway(EDGE, "role: edge, numTrustedProxies: 2"),
        gateway(("edge", "cdn"), "role: edge, numTrustedProxies: 1"),
        published("shop"),
        published("api", edge="{name: cdn, namespace: edge}"),
    )
    assert found.gateway_setups["c1"][INGRESS].trusted_proxies == 2


def test_a_gateway_drains_where_it_says_so_or_its_cluster_does() -> None:
    found = relations(gateway(EDGE, "role: edge, clusters: {names: [e1, c2]}, draining: {names: [e1]}"))
    assert [setups[EDGE].drain is not None for setups in found.gateway_setups.values() if EDGE in setups] == [
        False,
        True,
    ]


FOREIGN = 'role: ingress, managed: false, selector: {app: theirs}, overrides: [{clusters: {names: ["*"]}, advertised: '
SEEN = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  gateways:
  - name: in
    namespace: shop
    addresses: [192.0.2.1]
    ports:
    - {port: 80, targetPort: 8080}
    - {port: 8444, targetPort: 443}
    - {port: 16443, nodePort: 31443, targetPort: 15443}
    serviceAccount: theirs
"""


def test_a_gateway_of_others_is_reached_on_what_its_service_has() -> None:
    found = relations(gateway(INGRESS, FOREIGN + "{port: 9443}}]"), published("shop"), SEEN)
    reach = found.reaches["c1"][INGRESS]
    assert {name: tuple(port) for name, port in reach.ports.items()} == {
        "http": (80, 80, True),
        "https": (8444, 8444, True),
        "mesh": (9443, 16443, True),
    }
    assert (reach.addresses, reach.port, reach.service_port) == (("192.0.2.1",), 9443, 16443)
    assert found.gateway_setups["c1"][INGRESS].service_account == "theirs"


def test_an_edge_gateway_has_no_port_for_the_mesh() -> None:
    reach = relations(gateway(EDGE, "role: edge")).reaches["e1"][EDGE]
    assert list(reach.ports) == ["http", "https"]
    with pytest.raises(KeyError):
        _ = reach.port


def test_clusters_of_edge_gateways_dial_ingress_gateways_where_neither_drains() -> None:
    texts = published("shop"), gateway(EDGE, "role: edge, clusters: {names: [e1, c1]}")
    both = gateway(INGRESS, "role: ingress, clusters: {names: [c1, c2]}")
    assert list(dialled(relations(both, *texts))) == [
        Dialled("c1", INGRESS, ("e1",)),
        Dialled("c2", INGRESS, ("c1", "e1")),
    ]
    drains = gateway(INGRESS, "role: ingress, clusters: {names: [c1, c2]}, draining: {names: [c2]}")
    assert list(dialled(relations(drains, *texts))) == [Dialled("c1", INGRESS, ("e1",))]
