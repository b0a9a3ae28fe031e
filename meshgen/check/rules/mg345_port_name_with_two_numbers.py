"""The number of a port is part of what the gateway is asked for, so one name needs one number everywhere.

Source: SNI `outbound_.<port>_.<subset>_.<host>`, pilot/pkg/networking/core/gateway.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.copies import copies, ports_of, usual
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.copies import PortOf


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find port names that have another number in another copy."""
    for host, group in copies(relations).items():
        by_name: dict[str, list[PortOf]] = {}
        for each in ports_of(group):
            if each.port.name is not None:
                by_name.setdefault(each.port.name, []).append(each)
        for name, ports in by_name.items():
            number = usual(each.port.port for each in ports)
            base = next(each for each in ports if each.port.port == number)
            others = {each.port.port: each for each in reversed(ports) if each.port.port != number}
            for other in others.values():
                yield Diagnostic(
                    code="MG345",
                    severity="error",
                    message=f"port `{name}` of `{host}` is {other.port.port} in cluster `{other.copy.cluster}` "
                    f"and {number} in cluster `{base.copy.cluster}`",
                    span=other.span,
                    help="Give the port one number in all clusters, or different names.",
                    notes=notes((base.span, f"{number} in `{base.copy.cluster}`")),
                    object=host,
                )
