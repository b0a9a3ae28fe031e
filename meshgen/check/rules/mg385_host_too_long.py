"""What a client asks a gateway for has to fit into an SNI of 255 characters, a host into 253.

Source: SNI `outbound_.<port>_.<subset>_.<host>` (Istio: pilot/pkg/networking/core/gateway.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.origins import exposure_at
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_LONGEST_SNI = 255
_LONGEST_HOST = 253


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find exposed hosts that are too long, with the longest port and subset that is known of them."""
    for host, exposures in relations.by_host.items():
        ports = [port.port for exposure in exposures for port in exposure.service.ports]
        subsets = [
            subset
            for exposure in exposures
            for rule in relations.destination_rules(exposure.cluster, host)
            for subset in rule.subsets
        ]
        sni = f"outbound_.{max(ports)}_.{max(subsets, key=len, default='')}_.{host}"
        if len(sni) <= _LONGEST_SNI and len(host) <= _LONGEST_HOST:
            continue
        yield Diagnostic(
            code="MG385",
            severity="error",
            message=f"`{host}` is too long to be asked for at a gateway: the server name `outbound_.<port>_.<subset>_."
            f"<host>` has {len(sni)} characters, TLS takes {_LONGEST_SNI}",
            span=exposure_at(exposures[0]),
            help="Shorten the name of the Service, its namespace or its subsets.",
            object=host,
        )
