"""A build takes no published host from its users without a word (MG838)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.conftest import steps
from tests.cli.test_drain import PUBLISHED, entry_point

if TYPE_CHECKING:
    from tests.build.conftest import Outcome, Project

BOTH = (PUBLISHED, entry_point("c1", 1), entry_point("c2", 2))


@pytest.fixture
def project(remembered: Project) -> Project:
    return remembered


def lost(outcome: Outcome) -> list[str]:
    return [message.rpartition(", as of ")[0] for message in outcome.messages("MG838")]


def test_MG838_fires_where_the_last_cluster_drains(project: Project) -> None:
    drained = PUBLISHED + "  draining: {names: ['c*']}\n"
    outcome = steps(project, BOTH, (drained, *BOTH[1:]))
    assert lost(outcome) == ["users would lose `shop.example.com`: `c1` and `c2` drain"]


def test_MG838_fires_where_it_is_no_longer_published(project: Project) -> None:
    outcome = steps(project, BOTH, (PUBLISHED.rpartition("---")[0], *BOTH[1:]))
    assert lost(outcome) == ["users would lose `shop.example.com`: it is no longer published"]


def test_MG838_silent_where_one_of_two_drains(project: Project) -> None:
    drained = PUBLISHED + "  draining: {names: [c2]}\n"
    assert lost(steps(project, BOTH, (drained, *BOTH[1:]))) == []


def test_MG838_fires_where_it_answers_without_TLS_no_longer(project: Project) -> None:
    tls = PUBLISHED + "  tls: {credentialName: shop}\n"
    outcome = steps(project, BOTH, (tls, *BOTH[1:]))
    assert lost(outcome) == ["users would lose `shop.example.com`: it answers without TLS no longer"]


def test_MG838_fires_where_it_answers_with_TLS_no_longer(project: Project) -> None:
    tls = PUBLISHED + "  tls: {credentialName: shop, redirect: true}\n"
    outcome = steps(project, (tls, *BOTH[1:]), BOTH)
    assert lost(outcome) == ["users would lose `shop.example.com`: it answers with TLS no longer"]


def test_MG838_silent_where_TLS_comes_with_a_redirect(project: Project) -> None:
    tls = PUBLISHED + "  tls: {credentialName: shop, redirect: true}\n"
    assert lost(steps(project, BOTH, (tls, *BOTH[1:]))) == []
