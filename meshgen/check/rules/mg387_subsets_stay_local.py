"""Entries carry the labels of a Service's selector, not those of subsets, so a subset has local endpoints only.

Source: subsets choose endpoints by label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed
from meshgen.check.policies import subset_rules
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find subsets that all sources have as well; where one lacks them, MG361 says so."""
    for link, rule, source, _ in subset_rules(relations):
        if source is not None or link.local is None:
            continue
        yield Diagnostic(
            code="MG387",
            severity="warning",
            message=f"requests for subset{'s' if len(rule.subsets) > 1 else ''} {listed(rule.subsets)} of "
            f"`{link.host}` stay in cluster `{link.cluster}`: entries carry no labels of subsets",
            span=rule.span("subsets"),
            help="Route to the host without a subset where requests shall fail over.",
            object=link.object,
        )
