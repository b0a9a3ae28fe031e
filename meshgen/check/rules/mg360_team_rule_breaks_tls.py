"""The way through a gateway is mesh TLS with the host in the SNI: a DestinationRule must not change it.

Source: pilot/pkg/xds/endpoints/mtls_checker.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.check.policies import breaks_tls, is_exact
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find rules for exactly an imported host, in its own namespace, with another TLS mode; others are for MG362."""
    for link in imports(relations):
        for rule in relations.destination_rules(link.cluster, link.host):
            own = rule.namespace == link.service.namespace and is_exact(relations, rule, link.host)
            if not own or not breaks_tls(rule):
                continue
            yield Diagnostic(
                code="MG360",
                severity="error",
                message=f"DestinationRule `{rule.name}` of namespace `{rule.namespace}` in cluster `{link.cluster}` "
                f"cuts the way to other clusters for `{link.host}`: its TLS mode is {rule.tls_mode}",
                span=rule.span("tlsMode"),
                help="Remove `tls` from its `trafficPolicy`, or set ISTIO_MUTUAL.",
                notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
                object=link.object,
            )
