"""Only HTTP can be retried: a VirtualService for retries is useless for a service of TCP ports (design §3, Retries)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import retries
from meshgen.check.origins import failover_at
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts without an HTTP port whose own settings ask for a VirtualService, once each."""
    seen: set[str] = set()
    for link, decision in retries(relations):
        setting = link.sources[0].setting
        asked = setting and setting.failover and setting.failover.retries and setting.failover.retries.mode
        if decision.reason != "no HTTP port" or asked != "virtualService" or link.host in seen:
            continue
        seen.add(link.host)
        yield Diagnostic(
            code="MG366",
            severity="hint",
            message=f"`{link.host}` has no HTTP port, so `mode: virtualService` does nothing for it",
            span=failover_at(link.sources[0].workspace, setting, "retries", "mode"),
            help="Leave `mode` out, or declare the protocol of its ports.",
            object=link.host,
        )
