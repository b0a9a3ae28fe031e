"""A team's DestinationRule that keeps local endpoints first is left alone (design §3, DestinationRule)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.policies import decisions
from meshgen.diagnostics import Diagnostic
from meshgen.model.policies import breaking_tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts whose entries come without our rule; without a local copy any policy of the team will do."""
    for link, decision in decisions(relations):
        rule = decision.rule
        if rule is None:
            continue
        if decision.owner == "refused" and (link.local is not None or breaking_tls(rule, link.ports)):
            continue
        yield Diagnostic(
            code="MG359",
            severity="warning",
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` "
            f"decides when `{link.host}` fails over: meshgen emits entries but no rule of its own",
            span=rule.span("name"),
            help="Accept this, or move its settings to `failover` and delete the rule.",
            object=link.object,
        )
