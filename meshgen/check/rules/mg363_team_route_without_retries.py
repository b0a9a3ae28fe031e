"""A team's VirtualService or route for a host keeps its own retries: ours would lose against the older object.

Source: design §3, Retries; without them 30 of 1,500 requests were lost at a failover, with them none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import retries
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts for which no VirtualService is emitted since the team has one; the help holds the block to add."""
    for link, decision in retries(relations):
        team = decision.team
        if decision.reason != "team" or team is None:
            continue
        if team.kind == "VirtualService":
            advice = f"Add to each of its `http` routes: `{_block(decision)}`, then accept this."
        else:
            advice = "Let the mesh retry instead: set `failover: {retries: {mode: meshConfig}}`."
        yield Diagnostic(
            code="MG363",
            severity="warning",
            message=f"{team.kind} `{team.name}` of namespace `{team.namespace}` in cluster `{link.cluster}` routes "
            f"`{link.host}`: meshgen emits no retries, so requests are lost when it fails over",
            span=team.span("name"),
            help=advice,
            object=link.object,
        )


def _block(decision: RetryDecision) -> str:
    return (
        f'retries: {{attempts: {decision.attempts}, retryOn: "connect-failure,refused-stream,reset-before-request", '
        f"retryRemoteLocalities: true}}"
    )
