"""Without DNS capture a remote-only host gets a Service without pods, so that it has a name (design §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports, is_stub
from meshgen.check.places import istio_place, listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Say once a cluster that meshgen adds Services to namespaces of teams."""
    hosts: dict[str, list[str]] = {}
    for link in imports(relations):
        if is_stub(relations, link):
            hosts.setdefault(link.cluster, []).append(link.host)
    for cluster, names in sorted(hosts.items()):
        yield Diagnostic(
            code="MG339",
            severity="hint",
            message=f"cluster `{cluster}` gets a Service without pods for {listed(names)}, since its sidecars do not "
            "answer DNS",
            span=istio_place(relations, cluster, "dnsCapture"),
            help="Switch DNS capture on to need none; add a real Service to the inventory before it is deployed there.",
            object=f"cluster/{cluster}",
        )
