from __future__ import annotations

import pytest

from meshgen.check.accept import apply
from meshgen.diagnostics import Diagnostic
from meshgen.language.fleet import Accept

WARNING = Diagnostic("MG343", "warning", "a namesake", object="cluster-1/bookinfo/details")
HINT = Diagnostic("MG390", "hint", "a better way", object="cluster/cluster-1")
ERROR = Diagnostic("MG301", "error", "two workspaces", object="cluster-1/bookinfo")


def accept(code: str, pattern: str) -> Accept:
    return Accept.model_validate({"code": code, "object": pattern, "reason": "known"})


@pytest.mark.parametrize("pattern", ["cluster-1/bookinfo/details", "cluster-1/*", "*"])
def test_an_accepted_warning_is_silent(pattern: str) -> None:
    assert apply([WARNING, HINT], [accept("MG343", pattern)]) == [HINT]


def test_an_accepted_hint_is_silent() -> None:
    assert apply([HINT], [accept("MG390", "cluster/cluster-1")]) == []


@pytest.mark.parametrize(
    ("code", "pattern"), [("MG343", "cluster-2/*"), ("MG343", "cluster-1"), ("MG344", "*"), ("MG343", "*/details")]
)
def test_an_accept_that_matches_nothing_is_a_warning(code: str, pattern: str) -> None:
    kept, unused = apply([WARNING], [accept(code, pattern)])
    assert kept == WARNING
    assert (unused.code, unused.severity) == ("MG114", "warning")
    assert unused.message == f"nothing to accept: there is no such finding, `{code}` on `{pattern}`"


def test_an_error_stays_and_its_accept_says_so() -> None:
    kept, unused = apply([ERROR], [accept("MG301", "*")])
    assert kept == ERROR
    assert unused.message == "nothing to accept: errors cannot be accepted, `MG301` on `*`"


def test_two_accepts_of_one_warning_are_both_used() -> None:
    assert apply([WARNING], [accept("MG343", "*"), accept("MG343", "cluster-1/*")]) == []
