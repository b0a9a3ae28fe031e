"""Identities of another trust domain need aliases on the side that is called (Istio: MeshConfig.trustDomainAliases)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import listed, notes, trust_domain_place
from meshgen.check.trust import strangers
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find remote-only services in another trust domain: names are checked, but roots and aliases are the mesh's."""
    for cluster, domain, found in strangers(relations, "remote"):
        own = relations.facts[cluster].trust_domain
        first = next(iter(found.clusters))
        yield Diagnostic(
            code="MG328",
            severity="warning",
            message=f"cluster `{cluster}` in trust domain `{own}` calls {listed(found.hosts)} in trust domain "
            f"`{domain}`",
            span=trust_domain_place(relations, cluster),
            help=f"Have `{own}` in `trustDomainAliases` of the mesh config of {listed(found.clusters)}, and a common "
            "root, then accept this.",
            notes=notes((trust_domain_place(relations, first), f"cluster `{first}` has it here")),
            object=f"cluster/{cluster}",
        )
