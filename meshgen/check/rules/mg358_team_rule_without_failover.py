"""A team's DestinationRule replaces ours, so it has to keep local endpoints first (design §3, DestinationRule).

Source: with several rules for one host of one namespace the oldest policy stays, pilot/pkg/model/destination_rule.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.policies import breaking_tls, without_failover
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.check.policies import decisions, for_ports, missing_block, place
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find policies without outlier detection or priorities; the help holds the block that they lack."""
    for link, decision in decisions(relations):
        rule = decision.rule
        if decision.owner != "refused" or rule is None or breaking_tls(rule, link.ports):
            continue
        lacking = without_failover(rule, link.ports)
        blocks = ", ".join(f"to {place(policy)}: `{missing_block(link, policy)}`" for policy in lacking)
        yield Diagnostic(
            code="MG358",
            severity="error",
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` takes "
            f"failover from `{link.host}`: its policy{for_ports(lacking)} does not put local endpoints first",
            span=rule.span("name") if rule in lacking else lacking[0].span("port"),
            help=f"Add {blocks}, then import the inventory again.",
            notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
            object=link.object,
        )
