"""The order of syncs beside a model that walks every part of every sync: shares with aliases, and published hosts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from meshgen.revisions.compile import Meaning, meaning
from meshgen.revisions.order import has_copy, hazards
from meshgen.revisions.runs import run_of
from meshgen.revisions.waves import gaps
from tests.fleets import fleet
from tests.review.parts import Fleet, Verdict, judged

WORKERS = ("c1", "c2", "c3")
WEB, API = (f"{name}.shop.svc.cluster.local" for name in ("web", "api"))
SHOP = "shop.example.com"
REQUESTS = ((WEB, ""), (SHOP, "/"), (SHOP, "/api"))


@dataclass(frozen=True)
class World:
    """A fleet of three clusters and an edge cluster in short: what is there, and what its revisions change."""

    web: tuple[str, ...]
    """The clusters that have the service."""
    api: tuple[str, ...]
    spanned: tuple[str, ...] = WORKERS
    draining: tuple[str, ...] = ()
    """Where the workspace drains."""
    drained: tuple[str, ...] = ()
    """Where the published host drains."""
    shares: tuple[str, ...] = ()
    """The clusters that have shares of `web`; empty: the nearest answers."""
    kept: tuple[str, ...] = ()
    """Clusters that have aliases without a share."""
    routed: str | None = None
    """To which service a route for /api leads; None: there is none."""

    def text(self) -> str:
        spans = ", ".join(f'"{name}/shop"' for name in self.spanned)
        weights = dict.fromkeys(self.kept, 0) | dict.fromkeys(self.shares, 1)
        shares = ", ".join(f"{{names: [{name}], share: {share}}}" for name, share in weights.items())
        kept = ", aliases: true" if self.kept else ""
        mode = "weighted" if self.shares else "nearest"
        traffic = f"traffic: {{mode: {mode}{kept}, weights: [{shares}]}}" if shares else ""
        api = f"\n  - {{match: {{prefix: /api}}, service: {self.routed}.shop.svc.cluster.local}}" if self.routed else ""
        texts = [f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  clusters:
  - {{name: c1, region: r1, network: n1}}
  - {{name: c2, region: r2, network: n2}}
  - {{name: c3, region: r3, network: n3}}
  - {{name: e1, region: r1, network: n4, role: edge}}
  gateways:
  - {{name: edge, namespace: edge, role: edge, clusters: {{names: [e1]}}}}
  - {{name: ingress, namespace: shop, role: ingress}}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: [{spans}]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  draining: {{names: [{", ".join(self.draining)}]}}
  exposedServices: [{{host: {WEB}}}]
  {traffic}
---
kind: PublishedHost
metadata: {{name: shop}}
spec:
  host: {SHOP}
  workspace: shop
  draining: {{names: [{", ".join(self.drained)}]}}
  ingressGateway: {{name: ingress, namespace: shop}}
  edgeGateway: {{name: edge, namespace: edge}}
  routes:{api}
  - {{service: {WEB}}}
---
kind: Inventory
metadata: {{name: e1}}
spec: {{gateways: [{{name: edge, namespace: edge, addresses: [198.51.100.1]}}]}}
"""]  # fmt: skip
        for place, name in enumerate(WORKERS, 1):
            services = ", ".join(
                f"{{name: {service}, namespace: shop, selector: {{app: {service}}}, ports: [{{name: http, port: 80}}]}}"
                for service, having in (("web", self.web), ("api", self.api))
                if name in having
            )
            texts.append(f"""
kind: Inventory
metadata: {{name: {name}}}
spec:
  namespaces: [{{name: shop}}]
  services: [{services}]
  gateways:
  - {{name: ew, namespace: shop, addresses: [192.0.2.{place}]}}
  - {{name: ingress, namespace: shop, addresses: [192.0.2.1{place}]}}
""")
        return fleet(*texts)


def meant(world: World) -> Meaning:
    found = meaning({"fleet.yaml": world.text().encode()})
    assert found is not None
    return found


def engine(
    history: list[Meaning], requests: tuple[tuple[str, str], ...] = REQUESTS, *, stepwise: bool = True
) -> Verdict:
    """The verdict of `diff` and `build`."""
    runs = [run_of(each, f"v{place}") for place, each in enumerate(history)]
    hosts = {host for host, _ in requests}
    found = [item for item in hazards(runs, history[-1].relations) if item.host in hosts]
    plans = [{plan.cluster: plan for plan in each.plan.clusters} for each in history]
    missing = chain.from_iterable(
        gaps(
            plans[old][name],
            plans[new][name],
            old,
            new,
            copies=partial(has_copy, history[-1].relations, name),
            stepwise=stepwise,
        )
        for new in range(len(plans))
        for old in range(new)
        for name in plans[new]
    )
    return Verdict(
        closed={(item.consumer, item.host, item.source.cluster) for item in found},
        cut={(item.consumer, item.host) for item in found if item.cut},
        nothing={(gap.cluster, gap.host) for gap in missing if gap.host in hosts},
    )


def model(
    history: list[Meaning], world: World, requests: tuple[tuple[str, str], ...] = REQUESTS, *, stepwise: bool = True
) -> Verdict:
    """The verdict of the model; `world`: where services are."""
    copies = {
        name: frozenset(host for host, having in ((WEB, world.web), (API, world.api)) if name in having)
        for name in WORKERS
    }
    return judged(Fleet([each.plan for each in history], SHOP, copies, stepwise=stepwise), requests)


BASE = World(web=WORKERS, api=("c1", "c2"))
_SOME = st.sets(st.sampled_from(WORKERS), min_size=1).map(lambda names: tuple(sorted(names)))


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([BASE, replace(BASE, shares=WORKERS)], id="shares begin"),
        pytest.param([replace(BASE, shares=WORKERS), BASE], id="shares end"),
        pytest.param([replace(BASE, shares=("c1",)), replace(BASE, shares=WORKERS)], id="own copies get shares"),
        pytest.param([replace(BASE, drained=("c1",)), replace(BASE, spanned=("c2", "c3"))], id="drained, then gone"),
        pytest.param([replace(BASE, shares=WORKERS), replace(BASE, spanned=("c3",))], id="shares go with all"),
        pytest.param([replace(BASE, routed="api"), replace(BASE, routed="web")], id="a route to another service"),
        pytest.param([BASE, replace(BASE, routed="api")], id="a route to a service that not all clusters have"),
        pytest.param(
            [replace(BASE, routed="api"), replace(BASE, routed="api", drained=("c1", "c2"))],
            id="a route loses everybody",
        ),
    ],
)
@pytest.mark.parametrize("stepwise", [True, False])
def test_a_change_is_judged_as_the_model_does(history: list[World], *, stepwise: bool) -> None:
    meanings = list(map(meant, history))
    assert engine(meanings, stepwise=stepwise) == model(meanings, history[-1], stepwise=stepwise)


@pytest.mark.parametrize(
    ("history", "stepwise", "missed"),
    [
        ([replace(BASE, shares=WORKERS), BASE], True, set()),
        ([replace(BASE, shares=WORKERS), BASE], False, set(WORKERS)),
        ([replace(BASE, shares=WORKERS), replace(BASE, kept=WORKERS), BASE], False, set(WORKERS)),
        ([replace(BASE, shares=WORKERS), replace(BASE, kept=WORKERS)], False, set()),
        ([replace(BASE, kept=WORKERS), BASE], False, set()),
        ([replace(BASE, shares=WORKERS), replace(BASE, shares=("c1", "c2"))], False, set(WORKERS)),
        ([replace(BASE, shares=WORKERS), replace(BASE, shares=("c1", "c2"), kept=("c3",))], False, {"c3"}),
        ([BASE, replace(BASE, shares=WORKERS)], False, set(WORKERS)),
        ([BASE, replace(BASE, kept=WORKERS)], False, set()),
        ([replace(BASE, kept=WORKERS), replace(BASE, shares=WORKERS)], False, set()),
        ([replace(BASE, kept=("c1",)), replace(BASE, shares=("c1",))], False, {"c2", "c3"}),
    ],
    ids=[
        "an engine that waits deletes aliases after the routes",
        "one that does not deletes them while routes lead there",
        "kept for a commit, and a cluster sleeps through it",
        "aliases are kept while routes change",
        "and deleted when no route leads there",
        "a cluster loses its share",
        "its alias is kept, but its own copy is left out",
        "routes come with the aliases that they lead to",
        "aliases come before",
        "and routes to them after",
        "routes past own copies come before the labels of entries",
    ],
)
def test_an_engine_that_does_not_wait_needs_aliases_without_routes(
    history: list[World], missed: set[str], *, stepwise: bool
) -> None:
    found = engine(list(map(meant, history)), REQUESTS[:1], stepwise=stepwise)
    assert {cluster for cluster, _ in found.nothing} == missed


def _without_or_with(world: World, what: str, name: str) -> World:
    names = tuple(sorted(set(getattr(world, what)) ^ {name}))
    if what == "spanned":
        return replace(world, spanned=names or (name,))
    return replace(world, draining=names) if what == "draining" else replace(world, drained=names)


@st.composite
def histories(draw: st.DrawFn, changes: tuple[str, ...]) -> list[World]:
    """Three revisions; what is there does not change, and no aliases are kept (ADR 55)."""
    world = World(
        web=draw(_SOME),
        api=draw(_SOME),
        shares=draw(st.just(()) | _SOME),
        routed=draw(st.sampled_from([None, "api"])),
    )
    found = [world]
    for _ in range(2):
        for _ in range(draw(st.integers(1, 2))):
            what = draw(st.sampled_from(changes))
            if what == "routed":
                world = replace(world, routed=draw(st.sampled_from([None, "web", "api"])))
            elif what == "shares":
                world = replace(world, shares=draw(st.just(()) | _SOME))
            else:
                world = _without_or_with(world, what, draw(st.sampled_from(WORKERS)))
        found.append(world)
    return found


@pytest.mark.slow
@given(history=histories(("spanned", "draining", "shares", "shares")), stepwise=st.booleans())
@settings(max_examples=60, deadline=None)
def test_calls_in_random_histories_are_judged_as_the_model_does(history: list[World], *, stepwise: bool) -> None:
    _agree(history, REQUESTS[:1], stepwise=stepwise)


@pytest.mark.slow
@given(history=histories(("spanned", "draining", "drained", "routed")), stepwise=st.booleans())
@settings(max_examples=60, deadline=None)
def test_users_in_random_histories_are_judged_as_the_model_does(history: list[World], *, stepwise: bool) -> None:
    _agree(history, REQUESTS[1:], stepwise=stepwise)


def _agree(history: list[World], requests: tuple[tuple[str, str], ...], *, stepwise: bool) -> None:
    meanings = list(map(meant, history))
    ours = engine(meanings, requests, stepwise=stepwise)
    theirs = model(meanings, history[-1], requests, stepwise=stepwise)
    event(f"closed: {bool(ours.closed)}, cut: {bool(ours.cut)}, nothing: {bool(ours.nothing)}")
    assert ours == theirs
