"""Istio's schema wants keys of `ports` below 63 characters, one less than Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_TOO_LONG = 63


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find names of ports and of target ports that an entry would need as a key."""
    seen: set[int] = set()
    for link in imports(relations):
        copies = [(source.cluster, source.service) for source in link.sources]
        for cluster, service in [(link.cluster, link.local)] if link.local is not None else copies:
            if id(service) in seen:
                continue
            seen.add(id(service))
            for port in service.ports:
                for field, name in (("name", port.name), ("targetPort", port.target_port)):
                    if port.protocol == "TCP" and isinstance(name, str) and len(name) >= _TOO_LONG:
                        yield Diagnostic(
                            code="MG349",
                            severity="error",
                            message=f"port name `{name}` of `{link.host}` in cluster `{cluster}` is too long for an "
                            f"entry: {len(name)} characters, Istio takes 62",
                            span=port.span(field),
                            help="Shorten the name of the port.",
                            object=f"{cluster}/{service.namespace}/{service.name}",
                        )
