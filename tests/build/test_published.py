"""A build takes no published host from its users without a word (MG838)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.project import steps
from tests.published.fleets import ENTRY_POINTS, host, short

if TYPE_CHECKING:
    from tests.build.project import Outcome, Project


@pytest.fixture
def project(remembered: Project) -> Project:
    return remembered


def publishing(fields: str = "") -> tuple[str, ...]:
    """The fleet with the host, which has other fields besides."""
    return ENTRY_POINTS, short(f"  {fields}", edge=False)


def lost(outcome: Outcome) -> list[str]:
    return [message.rpartition(", as of ")[0] for message in outcome.messages("MG838")]


def test_MG838_fires_where_the_last_cluster_drains(project: Project) -> None:
    drained = publishing("draining: {names: ['c*']}")
    outcome = steps(project, publishing(), drained)
    assert lost(outcome) == ["users would lose `shop.example.com`: `c1` and `c2` drain"]


def test_MG838_fires_where_it_is_no_longer_published(project: Project) -> None:
    outcome = steps(project, publishing(), (ENTRY_POINTS,))
    assert lost(outcome) == ["users would lose `shop.example.com`: it is no longer published"]


def test_MG838_silent_where_one_of_two_drains(project: Project) -> None:
    drained = publishing("draining: {names: [c2]}")
    assert lost(steps(project, publishing(), drained)) == []


def test_MG838_fires_where_it_answers_without_TLS_no_longer(project: Project) -> None:
    tls = publishing("tls: {credentialName: shop}")
    outcome = steps(project, publishing(), tls)
    assert lost(outcome) == ["users would lose `shop.example.com`: it answers without TLS no longer"]


def test_MG838_fires_where_it_answers_with_TLS_no_longer(project: Project) -> None:
    tls = publishing("tls: {credentialName: shop, redirect: true}")
    outcome = steps(project, tls, publishing())
    assert lost(outcome) == ["users would lose `shop.example.com`: it answers with TLS no longer"]


def test_MG838_silent_where_TLS_comes_with_a_redirect(project: Project) -> None:
    tls = publishing("tls: {credentialName: shop, redirect: true}")
    assert lost(steps(project, publishing(), tls)) == []


def routed(*matches: str) -> tuple[str, ...]:
    """The fleet with the host, and a route to the same service for each match."""
    routes = "".join(f"  - {{{match}service: web.shop.svc.cluster.local}}\n" for match in matches)
    return ENTRY_POINTS, host(f"  routes:\n{routes}", edge=False)


API, ALL = "match: {prefix: /api}, ", ""
READ, READ_AND_WRITE = (f"match: {{path: /cart, methods: [{methods}]}}, " for methods in ("GET", "GET, POST"))
NO_ROUTE = "users would lose `shop.example.com`: no route takes {} any longer"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([API], ["match: {prefix: /v2}, "], ["`GET /api`"]),
        (
            ["match: {path: /cart, methods: [GET, POST]}, "],
            ["match: {path: /cart, methods: [GET]}, "],
            ["`POST /cart`"],
        ),
        ([API], ["match: {prefix: /api, headers: {x-new: yes}}, "], ["`GET /api`"]),
        ([ALL], [API], ["`GET /`"]),
        ([API, ALL], [ALL], []),
        ([API], ["match: {prefix: /}, "], []),
        (["match: {path: /api/cart}, "], [API], []),
    ],
    ids=["another prefix", "a method less", "only with a header", "all but one prefix", "the rest", "wider", "within"],
)
def test_MG838_fires_where_no_route_takes_what_one_took(
    project: Project, before: list[str], after: list[str], said: list[str]
) -> None:
    assert lost(steps(project, routed(*before), routed(*after))) == [NO_ROUTE.format(request) for request in said]
