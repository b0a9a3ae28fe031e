"""A team's DestinationRule replaces ours, so it has to keep local endpoints first (design §3, DestinationRule).

Source: with several rules for one host of one namespace the oldest policy stays, pilot/pkg/model/destination_rule.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.check.policies import breaks_tls, decisions, missing_block
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find policies without outlier detection or priorities; the help holds the block that they lack."""
    for link, decision in decisions(relations):
        rule = decision.rule
        if decision.owner != "refused" or rule is None or link.local is None or breaks_tls(rule):
            continue
        yield Diagnostic(
            code="MG358",
            severity="error",
            message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` takes "
            f"failover from `{link.host}`: its policy does not put local endpoints first",
            span=rule.span("name"),
            help=f"Add to its `trafficPolicy`: `{missing_block(link, rule)}`, then import the inventory again.",
            notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
            object=link.object,
        )
