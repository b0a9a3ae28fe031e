"""What the lab reads from an Application's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.argocd import state_of

if TYPE_CHECKING:
    from lab.api import Object

SETTLED: Object = {
    "sync": {"status": "Synced", "revision": "0123456789"},
    "health": {"status": "Healthy"},
    "operationState": {"phase": "Succeeded", "message": "done", "startedAt": "12:00:00", "finishedAt": "12:00:05"},
}


def test_an_application_that_has_synced() -> None:
    state = state_of({"status": SETTLED})
    assert state.settled
    assert str(state) == "Synced, Healthy, Succeeded at 0123456: done"
    assert state.operation == "12:00:05"


def test_an_application_that_had_nothing_to_do() -> None:
    assert state_of({"status": {key: SETTLED[key] for key in ("sync", "health")}}).settled


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sync": {"status": "OutOfSync", "revision": "0123456789"}}, "OutOfSync, Healthy, Succeeded at 0123456: done"),
        ({"health": {"status": "Progressing"}}, "Synced, Progressing, Succeeded at 0123456: done"),
        (
            {"operationState": {"phase": "Running", "message": "retrying", "startedAt": "12:00:00"}},
            "Synced, Healthy, Running at 0123456: retrying",
        ),
        (
            {"conditions": [{"type": "ComparisonError", "message": "app path does not exist"}]},
            "Synced, Healthy, Succeeded at 0123456: done; ComparisonError: app path does not exist",
        ),
    ],
)
def test_an_application_that_has_not(change: Object, said: str) -> None:
    state = state_of({"status": SETTLED | change})
    assert not state.settled
    assert str(state) == said


@pytest.mark.parametrize("body", [{}, {"status": {}}], ids=["just made", "empty"])
def test_an_application_that_argo_cd_has_not_seen(body: Object) -> None:
    state = state_of(body)
    assert not state.settled
    assert (state.operation, str(state)) == ("", "Unknown, Unknown, never synced at ?: ")
