"""Our exact DestinationRule hides wildcards of its namespace, and rules of the root namespace (`policies.hidden`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.policies import has_policy
from meshgen.check.places import first_of
from meshgen.check.policies import hidden
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.inventory import ObservedDestinationRule


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules whose policy no longer counts for a host, one finding a rule; MG389 has subsets that routes need."""
    found: dict[tuple[str, str, str], tuple[ObservedDestinationRule, list[Link]]] = {}
    for link, rule in hidden(relations):
        if has_policy(rule):
            found.setdefault((link.cluster, rule.namespace, rule.name), (rule, []))[1].append(link)
    for (cluster, namespace, name), (rule, links) in found.items():
        hosts = first_of([link.host for link in links])
        yield Diagnostic(
            code="MG391",
            severity="warning",
            message=f"our DestinationRule for {hosts} in cluster `{cluster}` hides `{name}` of "
            f"namespace `{namespace}`: none of its settings counts there any more",
            span=rule.span("host"),
            help="Accept this, write a rule with what the host needs of them for exactly the host, or set "
            "`failover: {enabled: false}`.",
            object=f"{cluster}/{namespace}/{name}",
        )
