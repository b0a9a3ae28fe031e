"""The way through a gateway is mesh TLS with the host in the SNI: a DestinationRule must not change it.

Source: pilot/pkg/xds/endpoints/mtls_checker.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.policies import breaking_tls, rules_beside
from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.check.policies import for_ports, place
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules for exactly an imported host, in its own namespace, with another TLS mode; others are for MG362."""
    for link in imports(relations):
        for rule in rules_beside(relations, link.cluster, link.service):
            for policy in breaking_tls(rule, link.ports):
                yield Diagnostic(
                    code="MG360",
                    severity="error",
                    message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster "
                    f"`{link.cluster}` cuts the way to other clusters for `{link.host}`: its TLS mode"
                    f"{for_ports([policy])} is {policy.tls_mode}",
                    span=policy.span("tlsMode"),
                    help=f"Remove `tls` from {place(policy)}, or set ISTIO_MUTUAL.",
                    notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
                    object=link.object,
                )
