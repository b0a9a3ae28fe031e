"""A service account in an entry always belongs to the local trust domain (Istio: pilot/pkg/model/push_context.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes, trust_domain_place
from meshgen.check.trust import strangers
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters whose own copies would fail over to identities of another trust domain: every handshake fails."""
    for cluster, domain, found in strangers(relations, "failover"):
        own = relations.facts[cluster].trust_domain
        first = next(iter(found.clusters))
        yield Diagnostic(
            code="MG327",
            severity="error",
            message=f"cluster `{cluster}` has trust domain `{own}` and would fail over to {listed(found.clusters)} in "
            f"trust domain `{domain}`, whose identities its clients refuse",
            span=trust_domain_place(relations, cluster),
            help=f"Use one trust domain, or set `failover: {{enabled: false}}` for {listed(found.hosts)}.",
            notes=notes((trust_domain_place(relations, first), f"cluster `{first}` has it here")),
            object=f"cluster/{cluster}",
        )
