"""How the property tests run."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the machines that run this are shared. In CI the same examples every time; `make fuzz` looks further.
for _profile, _examples in (("meshgen", 15), ("fuzz", 300)):
    settings.register_profile(
        _profile,
        deadline=None,
        derandomize=os.environ.get("CI") == "true",
        max_examples=_examples,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile("meshgen")


@pytest.fixture(autouse=True)
def _no_target_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own repositories have nothing to do with the pull request that they run for."""
    for variable in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"):
        monkeypatch.delenv(variable, raising=False)


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage: looking for it among them takes a tenth of the time of all tests."""
    gc.freeze()
