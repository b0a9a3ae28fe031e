"""An HTTP/2 connection whose other end vanished is used on, since it is one for all requests (istio#33466)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import istio_place, listed
from meshgen.diagnostics import Diagnostic
from meshgen.model.protocols import speaks_http2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Say once which clusters call hosts by HTTP/2 and cannot ping, since their Istio is too old or not named."""
    hosts: dict[str, list[str]] = {}
    for link in imports(relations):
        if not relations.facts[link.cluster].pings_http2 and speaks_http2(link.ports):
            hosts.setdefault(link.cluster, []).append(link.host)
    names = [cluster.name for cluster in relations.fleet.clusters if cluster.name in hosts]
    if names:
        found = list(dict.fromkeys(host for name in names for host in hosts[name]))
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        yield Diagnostic(
            code="MG390",
            severity="hint",
            message=f"callers of `{found[0]}`{more} in {listed(names)} may wait for minutes when a node or an address "
            "vanishes without a word: Istio before 1.31 does not notice that an HTTP/2 connection in use is dead",
            span=istio_place(relations, names[0], "version"),
            help="Name `istio.version` if it is 1.31 or newer; else give the callers deadlines, which Envoy counts as "
            "errors.",
            object=f"fleet/{relations.fleet.name}",
        )
