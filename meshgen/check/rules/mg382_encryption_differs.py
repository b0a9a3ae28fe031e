"""A client speaks TLS or plain HTTP, whichever cluster answers.

Source: design §3; protocol selection (Istio: pkg/config/kube/conversion.go).
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
    """Find ports that speak TLS by themselves in one cluster and plain HTTP in another."""
    for host, other, base in protocol_differences(relations):
        if not encryption_differs(other, base):
            continue
        yield Diagnostic(
            code="MG382",
            severity="error",
            message=f"port {other.port.port} of `{host}` speaks {other.protocol} in cluster `{other.copy.cluster}` "
            f"and {base.protocol} in cluster `{base.copy.cluster}`: no client can call both",
            span=other.span,
            help="Let all copies encrypt, or none, and declare it with `appProtocol` or the port's name.",
            notes=notes((base.span, f"{base.protocol} in `{base.copy.cluster}`")),
            object=host,
        )
