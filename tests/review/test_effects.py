"""What a change means for those who call: two fleets, and the sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.review import Review, Side, review
from meshgen.revisions.compile import Meaning, meaning
from meshgen.views.review import LONGEST_COMMENT, review_markdown, sentence
from tests.fleets import fleet

WEB = "web.shop.svc.cluster.local"
API = "api.shop.svc.cluster.local"


def inventory(
    cluster: str, *services: str, address: str, ports: str = "{name: http, port: 80}", gateways: tuple[str, ...] = ()
) -> str:
    listed = ", ".join(
        f"{{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{ports}]}}" for name in services
    )
    ways_in = ", ".join([f"{{name: east-west, namespace: shop, addresses: [{address}]}}", *gateways])
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: shop}}]
  services: [{listed}]
  gateways: [{ways_in}]
"""


CLUSTERS = (
    "[{name: c1, region: eu, network: n1}, {name: c2, region: eu, network: n2}, {name: c3, region: us, network: n3}]"
)
HEAD = f"""
kind: Fleet
metadata: {{name: demo}}
spec: {{platform: istio, clusters: {CLUSTERS}}}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: east-west, namespace: shop}}
  exposedServices: [{WEB}, {API}]
"""
EMPTY = {"c1": (), "c2": (), "c3": ()}


def meant(**services: tuple[str, ...]) -> Meaning:
    """A fleet of three clusters, c3 in another region, by the services that each has."""
    inventories = (
        inventory(cluster, *names, address=f"192.0.2.{place}")
        for place, (cluster, names) in enumerate((EMPTY | services).items(), start=1)
    )
    found = meaning({"fleet.yaml": fleet(HEAD, *inventories).encode()})
    assert found is not None
    return found


def reviewed(old: Meaning, new: Meaning) -> Review:
    return review(Side("main", old), Side("branch", new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            {"c2": ("web",), "c3": ("web",)},
            {"c2": ("web",)},
            [
                f"failoverLost {WEB}: `c1` and `c2` lose `c3` and keep `c2`; there is no failover any more",
                f"failoverLost {WEB}: `c3` loses `c3` and keeps `c2`; there is no failover any more",
            ],
        ),
        (
            {"c2": ("web",)},
            {},
            [f"cut {WEB}: `c1`, `c2` and `c3` lose `c2`, and nobody answers any more"],
        ),
        (
            {},
            {"c2": ("api", "web")},
            [
                f"reachable {API}, {WEB}: `c1`, `c2` and `c3` reach it, in `c2`",
            ],
        ),
        (
            {"c2": ("web",)},
            {"c2": ("web",), "c3": ("web",)},
            [
                f"failoverGained {WEB}: `c1` and `c2` get `c3`; there is failover now; calls may leave the region",
                f"failoverGained {WEB}: `c3` gets `c3`; there is failover now",
            ],
        ),
    ],
)
def test_each_call_that_differs_is_told_the_worst_first(
    old: dict[str, tuple[str, ...]], new: dict[str, tuple[str, ...]], said: list[str]
) -> None:
    found = reviewed(meant(**old), meant(**new))
    assert [f"{effect.kind} {', '.join(effect.hosts)}: {sentence(effect)}" for effect in found.effects] == said


_SERVICES = st.fixed_dictionaries(
    {name: st.sampled_from([(), ("web",), ("api", "web")]) for name in ("c1", "c2", "c3")}
)


@given(_SERVICES)
def test_a_fleet_and_itself_differ_in_nothing(services: dict[str, tuple[str, ...]]) -> None:
    found = reviewed(meant(**services), meant(**services))
    assert not found
    assert "Nothing changes in any cluster." in review_markdown(found)


@given(_SERVICES, _SERVICES)
def test_what_one_direction_loses_the_other_gains(
    one: dict[str, tuple[str, ...]], other: dict[str, tuple[str, ...]]
) -> None:
    there, back = reviewed(meant(**one), meant(**other)), reviewed(meant(**other), meant(**one))

    def calls(found: Review, *, lost: bool) -> set[tuple[str, str, tuple[str, ...]]]:
        return {
            (consumer, host, effect.lost if lost else effect.gained)
            for effect in found.effects
            for consumer in effect.consumers
            for host in effect.hosts
        }

    assert calls(there, lost=True) == calls(back, lost=False)


def test_files_of_the_output_are_added_changed_and_removed() -> None:
    found = reviewed(meant(c1=("web",), c2=("web",)), meant(c1=("api",), c2=("web",)))
    assert {(item.change, item.kind) for item in found.objects if item.cluster == "c1"} == {
        ("removed", "WorkloadEntry"),
        ("removed", "DestinationRule"),
        ("removed", "VirtualService"),
        ("removed", "Gateway"),
        ("added", "Gateway"),
        ("added", "Namespace"),
        ("added", "ServiceEntry"),
        ("added", "DestinationRule"),
    }
    removed = next(item for item in found.objects if item.kind == "WorkloadEntry")
    assert removed.diff[:2] == (f"--- {removed.path}", "+++ /dev/null")


@pytest.mark.parametrize("longest", [400, 2_000, LONGEST_COMMENT])
def test_a_comment_stays_under_its_limit_and_says_what_it_leaves_out(longest: int) -> None:
    found = reviewed(meant(c1=("web",), c2=("web",)), meant(c1=("api", "web"), c3=("api",)))
    text = review_markdown(found, longest)
    assert len(text) <= longest
    whole = review_markdown(found, 10**9)
    assert ("`meshgen diff` shows" in text) == (text != whole)
    assert text.count("<details>") == text.count("</details>")


PUBLISHED = """
kind: Gateway
metadata: {name: edge-gateway}
spec: {namespace: edge, role: edge, clusters: {names: [c3]}}
---
kind: Gateway
metadata: {name: ingress}
spec: {namespace: shop, role: ingress}
---
kind: PublishedHost
metadata: {name: web}
spec:
  host: shop.example.com
  workspace: shop
  service: web.shop.svc.cluster.local
  ingressGateway: {name: ingress, namespace: shop}
  edgeGateway: {name: edge-gateway, namespace: edge}
  draining: {names: [DRAINS]}
"""


def publishing(drains: str, *clusters: str) -> Meaning:
    """A host published through an edge gateway in c3, served by some clusters, one of which may drain."""
    inventories = [
        inventory(
            name,
            *(["web"] if name in clusters else []),
            address=f"192.0.2.{place}",
            gateways=(
                f"{{name: ingress, namespace: shop, addresses: [198.51.100.{place}]}}",
                f"{{name: edge-gateway, namespace: edge, addresses: [203.0.113.{place}]}}",
            ),
        )
        for place, name in enumerate(EMPTY, start=1)
    ]
    head = HEAD.replace(f"[{WEB}, {API}]", "[]")
    found = meaning({"fleet.yaml": fleet(head, PUBLISHED.replace("DRAINS", drains), *inventories).encode()})
    assert found is not None
    return found


def test_what_an_edge_gateway_calls_is_told_too() -> None:
    found = reviewed(publishing("c1", "c1", "c2"), publishing("none", "c1", "c2"))
    assert [sentence(effect) for effect in found.effects] == ["`edge gateway of c3` gets `c1`; there is failover now"]
    assert found.hazards == ()


def test_an_edge_gateway_may_be_ahead_of_an_ingress_gateway() -> None:
    found = reviewed(publishing("none", "c2"), publishing("none", "c1", "c2"))
    (hazard,) = found.hazards
    assert (hazard.host, hazard.consumer, hazard.source.cluster, hazard.published) == (
        "shop.example.com",
        "c3",
        "c1",
        True,
    )
    assert not hazard.withdrawn
