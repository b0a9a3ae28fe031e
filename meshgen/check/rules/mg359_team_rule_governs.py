"""A team's DestinationRule that keeps local endpoints first is left alone (design §3, DestinationRule).

Ours stands beside one that is not exported to everybody: the two are not merged, and who does not see theirs would
have none (pilot/pkg/model/destination_rule.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.policies import decisions
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts whose entries come without our rule, or with it for some clients only.

    Without a local copy any policy of the team will do.
    """
    for link, decision in decisions(relations):
        rule = decision.rule
        if rule is None or decision.owner == "refused":
            continue
        beside_ours = decision.owner == "ours"
        reach = ", at most for the clients that it is exported to" if beside_ours else ""
        emitted = "its own rule for all others" if beside_ours else "entries but no rule of its own"
        yield Diagnostic(
            code="MG359",
            severity="warning",
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` "
            f"decides when `{link.host}` fails over{reach}: meshgen emits {emitted}",
            span=rule.span("name"),
            help=f"Accept this,{' export it to all namespaces,' if beside_ours else ''} or move its settings to "
            "`failover` and delete the rule.",
            object=link.object,
        )
