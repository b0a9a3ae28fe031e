"""A VirtualService replaces the routes of all ports that may be HTTP, so each port has to say what it speaks.

Source: design §3, Retries; protocol selection (Istio: pkg/config/kube/conversion.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import retries
from meshgen.check.origins import service_object
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find ports without protocol that keep a host from getting retries, once each."""
    seen: set[int] = set()
    for link, decision in retries(relations):
        port = decision.undeclared
        if decision.reason != "undeclared port" or port is None or id(port) in seen:
            continue
        seen.add(id(port))
        cluster = link.cluster if link.local is not None else link.sources[0].cluster
        service = link.local or link.sources[0].service
        yield Diagnostic(
            code="MG364",
            severity="warning",
            message=f"port `{port.name}` ({port.port}) of `{link.host}` in cluster `{cluster}` does not say what it "
            f"speaks: meshgen emits no retries, so requests are lost when it fails over",
            span=port.span("name"),
            help="Declare `appProtocol` (`http`, `http2`, `grpc`, `tcp`) on the port of the Service, or name it "
            "`<protocol>-…`.",
            object=service_object(cluster, service),
        )
