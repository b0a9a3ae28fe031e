"""Without DNS capture a remote-only host gets its name from a Service without pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports, is_stub
from meshgen.check.places import istio_place, listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Count the Services that each such cluster gets, and name the namespaces that are created for them."""
    stubs: dict[str, list[Link]] = {}
    for link in imports(relations):
        if is_stub(relations, link):
            stubs.setdefault(link.cluster, []).append(link)
    for cluster, links in stubs.items():
        inventory = relations.inventory(cluster)
        known = {namespace.name for namespace in inventory.namespaces} if inventory else set()
        created = sorted({link.service.namespace for link in links} - known)
        tail = f", in new namespace{'s' if len(created) > 1 else ''} {listed(created)}" if created else ""
        yield Diagnostic(
            code="MG378",
            severity="hint",
            message=f"cluster `{cluster}` gets {len(links)} Service{'s' if len(links) > 1 else ''} without pods for "
            f"remote-only hosts, since its sidecars do not answer DNS{tail}",
            span=istio_place(relations, cluster, "dnsCapture"),
            help="Switch ISTIO_META_DNS_CAPTURE on in the mesh config and set `dnsCapture: true` to do without them.",
            object=f"cluster/{cluster}",
        )
