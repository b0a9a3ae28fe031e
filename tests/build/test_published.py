"""A build takes no published host from its users without a word (MG838)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.conftest import steps
from tests.published.fleets import ENTRY_POINTS, short

if TYPE_CHECKING:
    from tests.build.conftest import Outcome, Project


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
