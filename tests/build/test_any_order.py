"""A build is safe in whatever order clusters sync (design §3, ADR 48): what comes before what goes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.build.project import steps
from tests.build.test_losses import clusters, inventory
from tests.build.test_withdrawal import workspace
from tests.fleets import fleet
from tests.git.support import commit, git, init
from tests.published.fleets import C1, C2, EDGE, serving

if TYPE_CHECKING:
    from tests.build.project import Outcome, Project

WEB = "web.shop.svc.cluster.local"


@pytest.fixture
def project(remembered: Project) -> Project:
    return remembered


def said(outcome: Outcome, code: str) -> list[str]:
    """The texts of a code, without what it is known by."""
    return [message.partition(", as of ")[0] for message in outcome.messages(code)]


def shop(*having: str, draining: str = "") -> tuple[str, ...]:
    """`c1` calls `web` in those of `c2` and `c3` that have it."""
    return (
        clusters("c1", "c2", "c3"),
        workspace(f"draining: {{names: [{draining}]}}"),
        inventory("c1"),
        *(inventory(name, *(["web"] if name in having else [])) for name in ("c2", "c3")),
    )


def test_MG660_fires_where_a_source_comes_with_the_change_that_drains_the_other(project: Project) -> None:
    outcome = steps(project, shop("c2"), shop("c2", "c3", draining="c2"))
    assert outcome.code == 1
    assert said(outcome, "MG660") == [
        f"nobody may answer `c1` for `{WEB}` while clusters sync: `c3` does not let it in before syncing"
    ]


def test_MG660_silent_where_a_source_comes_first(project: Project) -> None:
    assert steps(project, shop("c2"), shop("c2", "c3"), shop("c2", "c3", draining="c2")).code == 0


def test_MG660_silent_where_nobody_could_call_before(project: Project) -> None:
    assert steps(project, shop(), shop("c2", "c3")).code == 0


def published(*names: str, draining: str = "") -> tuple[str, ...]:
    """`web` behind an edge, in those of `c1` and `c2`."""
    text = fleet(EDGE).replace('"*/shop"', ", ".join(f'"{name}/shop"' for name in names))
    drained = text.replace("  workspace: shop\n", f"  workspace: shop\n  draining: {{names: [{draining}]}}\n", 1)
    assert drained != text
    return (drained,)


def test_MG661_fires_where_a_cluster_goes_that_edge_gateways_call(project: Project) -> None:
    outcome = steps(project, published("c1", "c2"), published("c1"))
    assert outcome.code == 1
    (message,) = said(outcome, "MG661")
    assert message == (
        "gateway `shop/ingress` of `c2` would no longer let `shop.example.com` in, but the edge gateways of `e1` still "
        "call it there"
    )


def test_MG661_silent_where_it_was_drained_before(project: Project) -> None:
    assert steps(project, published("c1", "c2"), published("c1", "c2", draining="c2"), published("c1")).code == 0


def test_MG661_silent_where_users_lose_the_host_altogether(project: Project) -> None:
    head, *_ = fleet(EDGE).partition("---\napiVersion: meshgen.io/v1\nkind: PublishedHost")
    outcome = steps(project, (EDGE,), (head, serving("c1", ingress=C1), serving("c2", ingress=C2)))
    assert (len(said(outcome, "MG838")), said(outcome, "MG661")) == (1, [])


def test_MG660_fires_where_edge_gateways_may_be_sent_to_a_cluster_that_does_not_know_the_host(project: Project) -> None:
    outcome = steps(project, published("c1"), published("c1", "c2", draining="c1"))
    (message,) = said(outcome, "MG660")
    assert message == (
        "nobody may answer the edge gateways of `e1` for `shop.example.com` while clusters sync: `c2` does not let it "
        "in before syncing"
    )


ROUTES = """
kind: PublishedHost
metadata: {name: shop}
spec:
  host: shop.example.com
  workspace: shop
  ingressGateway: {name: ingress, namespace: shop}
  edgeGateway: {name: edge, namespace: edge}
  routes:
  - {match: {prefix: /api}, service: SERVICE.shop.svc.cluster.local}
  - {service: web.shop.svc.cluster.local}
"""


def routed(service: str, *api: str) -> tuple[str, ...]:
    """`web` in `c1` and `c2`, and a route for /api to a service; `api` is in some clusters."""
    api_there = "{name: api, namespace: shop, selector: {app: api}, ports: [{name: http, port: 80}]}"
    head, _, _ = fleet(EDGE).partition("---\napiVersion: meshgen.io/v1\nkind: PublishedHost")
    places = [serving("c1", ingress=C1), serving("c2", ingress=C2)]
    with_api = [
        text.replace("services:\n", f"services:\n  - {api_there}\n") if name in api else text
        for name, text in zip(("c1", "c2"), places, strict=True)
    ]
    return (head, ROUTES.replace("SERVICE", service), *with_api)


def test_MG661_fires_where_an_ingress_gateway_leads_requests_to_nobody(project: Project) -> None:
    """The edge still sends /api to `c2`, by the route to `web`."""
    outcome = steps(project, routed("web", "c1"), routed("api", "c1"))
    assert outcome.code == 1
    (message,) = said(outcome, "MG661")
    assert message == (
        "gateway `shop/ingress` of `c2` would lead some requests for `shop.example.com` to a service that is not "
        "there, but the edge gateways of `e1` still call it there"
    )


def test_MG662_fires_where_a_subset_goes_before_the_route_that_leads_to_it(project: Project) -> None:
    outcome = steps(project, routed("api", "c1"), routed("web", "c1"))
    assert outcome.code == 0
    (message,) = outcome.messages("MG662")
    assert message.startswith("while `e1` syncs, requests for `shop.example.com` may find nothing, as of ")
    assert "rules are synced before routes" in message


def test_MG662_silent_where_routes_only_need_no_subset_any_more(project: Project) -> None:
    outcome = steps(project, routed("api", "c1"), routed("api", "c1", "c2"))
    assert (outcome.code, said(outcome, "MG662")) == (0, [])


SHARES = "weights: [{names: [c1], share: 50}, {names: [c2], share: 50}]"


def shared(traffic: str, engine: str) -> tuple[str, ...]:
    """`web` in two clusters, brought there by an engine."""
    delivery = f"delivery: {{engine: {engine}, repoURL: 'https://git.example.com/fleet.git'}}"
    return (
        clusters("c1", "c2").replace("clusters:", f"{delivery}\n  clusters:", 1),
        workspace(f"traffic: {{{traffic}}}"),
        *(inventory(name, "web") for name in ("c1", "c2")),
    )


@pytest.mark.parametrize(("engine", "whom"), [("flux", ["`c1` and `c2`"]), ("argocd", [])])
def test_MG662_fires_where_shares_end_and_the_engine_does_not_wait(
    project: Project, engine: str, whom: list[str]
) -> None:
    outcome = steps(project, shared(f"mode: weighted, {SHARES}", engine), shared("mode: nearest", engine))
    assert outcome.code == 0
    assert said(outcome, "MG662") == [
        f"while {names} sync, requests for `{WEB}` may find nothing" for names in whom
    ]  # fmt: skip


def test_MG662_silent_where_aliases_come_a_commit_before_and_go_one_after(project: Project) -> None:
    without = f"mode: nearest, aliases: true, {SHARES}"
    history = ("mode: nearest", without, f"mode: weighted, {SHARES}", without, "mode: nearest")
    for before, after in pairwise(history):
        outcome = steps(project, shared(before, "flux"), shared(after, "flux"))
        assert (outcome.code, said(outcome, "MG662")) == (0, [])


def test_MG660_fires_for_a_cluster_that_sleeps_through_a_step(project: Project) -> None:
    """Each step is safe for who runs the one before; `--since` asks for who runs an older one."""
    init(project.root)
    names = []
    for texts in (shop("c2"), shop("c2", "c3")):
        project.write(*texts)
        assert project.build().code == 0
        commit(project.root)
        names.append(git(project.root, "rev-parse", "HEAD"))
    project.write(*shop("c2", "c3", draining="c2"))
    assert project.build("--check").messages("MG660") == []
    (message,) = project.build("--check", "--since", names[0]).messages("MG660")
    assert message.endswith(f"`c3` does not let it in before syncing, as of commit {names[0][:12]}")


def test_MG650_fires_for_a_consumer_that_sleeps_through_the_drain(project: Project) -> None:
    init(project.root)
    drained = workspace(f"exposedServices: [{{host: {WEB}, state: draining}}]")
    names = []
    for texts in (shop("c2"), (*shop("c2"), drained)):
        project.write(*texts)
        assert project.build().code == 0
        commit(project.root)
        names.append(git(project.root, "rev-parse", "HEAD"))
    project.write(*shop("c2"), workspace("exposedServices: []"))
    assert project.build("--check").messages("MG650") == []
    (message,) = project.build("--check", "--since", names[0]).messages("MG650")
    assert message.startswith(f"`{WEB}` would no longer be exposed by `c2`, but `c1` and `c3` still call it there")


def test_MG655_fires_where_there_is_no_such_commit_to_begin_with(project: Project) -> None:
    init(project.root)
    project.write(*shop("c2"))
    commit(project.root)
    assert project.build("--check", "--since", "nothing").messages("MG655") == [
        "`--since nothing`: there is no such commit here"
    ]
