"""A ServiceEntry carries the ports that all its sources have, a WorkloadEntry those of the local copy (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link
    from meshgen.language.inventory import ObservedService

Side = tuple[str, "ObservedService"]


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find copies that share no port; a name with two numbers is the cause that MG345 names."""
    seen: set[tuple[str, frozenset[str]]] = set()
    for link in imports(relations):
        for (cluster, service), (other_cluster, other) in _apart(link):
            key = (link.host, frozenset({cluster, other_cluster}))
            if key in seen or _names(service) & _names(other):
                continue
            seen.add(key)
            yield Diagnostic(
                code="MG348",
                severity="error",
                message=f"the copies of `{link.host}` in clusters `{cluster}` and `{other_cluster}` have no port in "
                f"common",
                span=other.span("ports"),
                help="Give both the same port, with the same name, or take one of them out of `exposedServices`.",
                notes=notes((service.span("ports"), f"the ports in `{cluster}`")),
                object=link.host,
            )


def _apart(link: Link) -> Iterator[tuple[Side, Side]]:
    """Pairs of copies without which the entries would carry a port."""
    if link.local is not None:
        local = link.local
        for source in link.sources:
            if not _numbers(local) & _numbers(source.service):
                yield (link.cluster, local), (source.cluster, source.service)
        return
    first = link.sources[0]
    shared = _agreeing(first.service)
    for source in link.sources[1:]:
        shared &= _agreeing(source.service)
        if not shared:
            yield (first.cluster, first.service), (source.cluster, source.service)
            return


def _numbers(service: ObservedService) -> set[int]:
    return {port.port for port in service.ports if port.protocol == "TCP"}


def _names(service: ObservedService) -> set[str | None]:
    return {port.name for port in service.ports if port.protocol == "TCP"}


def _agreeing(service: ObservedService) -> set[tuple[str | None, int]]:
    return {(port.name, port.port) for port in service.ports if port.protocol == "TCP"}
