"""An HTTP/2 connection whose other end vanished is used on: nothing fails that would move its calls (istio#33466)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import listed
from meshgen.diagnostics import Diagnostic
from meshgen.model.protocols import speaks_http2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.consumers import Link
    from meshgen.model.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts that nobody pings and whose tries have no timeout, one finding a workspace."""
    found: dict[str, list[Link]] = {}
    for link in imports(relations):
        bounded = link.failover.per_try_timeout is not None or _pinged(relations, link)
        if speaks_http2(link.ports) and not bounded:
            found.setdefault(link.sources[0].workspace.name, []).append(link)
    for workspace, links in found.items():
        hosts = list(dict.fromkeys(link.host for link in links))
        more = f" and {len(hosts) - 1} more" if len(hosts) > 1 else ""
        clusters = listed(dict.fromkeys(link.cluster for link in links))
        too_old = any(link.kind == "remote" for link in links)
        yield Diagnostic(
            code="MG390",
            severity="hint",
            message=f"calls of `{hosts[0]}`{more} in {clusters} may wait for minutes when a node or an address "
            "vanishes without a word: HTTP/2 has one connection for all, and nothing fails that would move them",
            span=exposure_at(links[0].sources[0]),
            help="Set `failover.retries.perTryTimeout` to more than an answer takes"
            f"{', or name `istio.version` if it is 1.31 or newer' if too_old else ''}.",
            object=f"workspace/{workspace}",
        )


def _pinged(relations: Relations, link: Link) -> bool:
    """Whether the rule of a host makes proxies ping; beside a local copy it must not (`plan.policies.local_rule`)."""
    return link.kind == "remote" and relations.facts[link.cluster].pings_http2
