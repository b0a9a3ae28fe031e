"""A gateway passes a subset on only where its own cluster has a DestinationRule with it.

Source: subset chains, pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes
from meshgen.check.policies import subset_rules
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find subsets for imported hosts that a source has no rule for."""
    for link, rule, source, missing in subset_rules(relations):
        if source is None:
            continue
        several = len(missing) > 1
        yield Diagnostic(
            code="MG361",
            severity="warning",
            message=f"requests for subset{'s' if several else ''} {listed(missing)} of `{link.host}` in cluster "
            f"`{link.cluster}` {'do not fail over' if link.local is not None else 'fail'}: cluster "
            f"`{source.cluster}` has no DestinationRule with {'them' if several else 'it'}",
            span=rule.span("subsets"),
            help="Route to the host without a subset where requests shall reach other clusters.",
            notes=notes((source.service.span("name"), f"the Service in `{source.cluster}`")),
            object=link.object,
        )
