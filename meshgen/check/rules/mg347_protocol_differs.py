"""A port speaks one protocol in all clusters: the client's sidecar goes by what its own cluster says.

Source: protocol selection by `appProtocol` or the port's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.copies import encryption_differs, protocol_differences
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find ports that copies declare differently and that may still work; those that cannot are for MG382."""
    for host, other, base in protocol_differences(relations):
        if encryption_differs(other, base):
            continue
        yield Diagnostic(
            code="MG347",
            severity="warning",
            message=f"port {other.port.port} of `{host}` speaks {other.protocol} in cluster `{other.copy.cluster}` "
            f"and {base.protocol} in cluster `{base.copy.cluster}`",
            span=other.span,
            help="Declare one protocol in all clusters, with `appProtocol` or the prefix of the port's name.",
            notes=notes((base.span, f"{base.protocol} in `{base.copy.cluster}`")),
            object=host,
        )
