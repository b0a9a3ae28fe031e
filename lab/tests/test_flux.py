"""What the lab reads from a Kustomization's status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.flux import state_of

if TYPE_CHECKING:
    from lab.api import Object

REVISION = "0123456789"


def _kustomization(ready: Object | None = None, **status: object) -> Object:
    said = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "done", **(ready or {})}
    found = {
        "observedGeneration": 2,
        "lastAppliedRevision": f"main@sha1:{REVISION}",
        "lastAttemptedRevision": f"main@sha1:{REVISION}",
        "conditions": [{"type": "Reconciling", "status": "True"}, said],
    }
    return {"metadata": {"generation": 2}, "status": found | status}


def test_a_kustomization_that_has_applied_a_commit() -> None:
    state = state_of(_kustomization())
    assert (state.has(REVISION), state.refuses(REVISION)) == (True, False)
    assert str(state) == "ready True at 0123456: ReconciliationSucceeded: done"


@pytest.mark.parametrize(
    "body",
    [
        _kustomization(lastAppliedRevision="main@sha1:9876543210"),
        _kustomization(observedGeneration=1),
        _kustomization({"status": "Unknown"}),
        {"metadata": {"generation": 1}},
    ],
    ids=["another commit", "changed since", "at work", "just made"],
)
def test_a_kustomization_that_has_not_yet(body: Object) -> None:
    state = state_of(body)
    assert (state.has(REVISION), state.refuses(REVISION)) == (False, False)


def test_a_kustomization_that_refuses_what_a_commit_has() -> None:
    state = state_of(_kustomization({"status": "False", "reason": "BuildFailed"}, lastAppliedRevision=""))
    assert (state.has(REVISION), state.refuses(REVISION)) == (False, True)


def test_a_kustomization_that_refused_an_earlier_commit() -> None:
    before = _kustomization({"status": "False", "reason": "BuildFailed"}, lastAttemptedRevision="main@sha1:987654321")
    assert not state_of(before).refuses(REVISION)


def test_a_kustomization_whose_directory_is_gone_has_tried_nothing() -> None:
    gone = _kustomization({"status": "False", "reason": "ArtifactFailed"}, lastAttemptedRevision="main@sha1:987654321")
    assert state_of(gone).refuses(REVISION)
