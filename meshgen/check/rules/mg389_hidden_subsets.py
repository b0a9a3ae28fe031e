"""Ours must not hide a team's subsets from routes that need them: every request to one would fail (`unmerged`).

Source: measured in the lab: with ours newer and exported otherwise, 123 of 123 requests that a VirtualService routed to
a subset were answered 503 while all copies lived.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes
from meshgen.check.policies import hidden, unmerged
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_ALIKE = "Remove its `exportTo`, since Istio merges rules that are exported alike"
_EXACT = "Declare them in a rule for exactly the host, which Istio merges with ours"


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules with subsets that Istio does not merge with ours, where a route of the team is for the same host."""
    beside = ((link, rule, "exportTo", _ALIKE) for link, rule in unmerged(relations))
    wider = ((link, rule, "host", _EXACT) for link, rule in hidden(relations))
    for link, rule, field, remedy in chain(beside, wider):
        routes = relations.virtual_services(link.cluster, link.host)
        if not rule.subsets or not routes:
            continue
        yield Diagnostic(
            code="MG389",
            severity="error",
            message=f"our DestinationRule for `{link.host}` in cluster `{link.cluster}` would hide the "
            f"subset{'s' if len(rule.subsets) > 1 else ''} {listed(rule.subsets)} of DestinationRule `{rule.name}` of "
            f"namespace `{rule.namespace}`: requests that {routes[0].kind} `{routes[0].name}` routes there would fail",
            span=rule.span(field),
            help=f"{remedy}, or set `failover: {{enabled: false}}` for the service.",
            notes=notes((routes[0].span("name"), "this routes the host")),
            object=link.object,
        )
