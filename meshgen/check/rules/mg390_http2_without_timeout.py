"""An HTTP/2 connection whose other end vanished is used on: nothing fails that would move its calls (istio#33466)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.protocols import speaks_http2
from meshgen.check import policies
from meshgen.check.consumers import is_stub
from meshgen.check.consumers import retries as all_retries
from meshgen.check.origins import exposure_at
from meshgen.check.places import first_of, listed
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find hosts that nobody pings and whose tries have no timeout, one finding a workspace.

    Not those whose retries are the team's or want a declared port, since MG363 and MG364 come first.
    """
    found: dict[str, list[tuple[Link, RetryDecision]]] = {}
    for link, retries in all_retries(relations):
        if speaks_http2(link.ports) and _wants_timeout(link, retries) and not _pinged(relations, link):
            found.setdefault(link.sources[0].workspace.name, []).append((link, retries))
    for workspace, pairs in found.items():
        links = [link for link, _ in pairs]
        hosts = first_of(list(dict.fromkeys(link.host for link in links)))
        clusters = listed(dict.fromkeys(link.cluster for link in links))
        too_old = any(link.kind == "remote" for link in links)
        yield Diagnostic(
            code="MG390",
            severity="hint",
            message=f"calls of {hosts} in {clusters} may wait for minutes when a node or an address "
            "vanishes without a word: HTTP/2 has one connection for all, and nothing fails that would move them",
            span=exposure_at(links[0].sources[0]),
            help=f"{_remedy(pairs[0][1])}{', or name `istio.version` if it is 1.31 or newer' if too_old else ''}.",
            object=f"workspace/{workspace}",
        )


def _wants_timeout(link: Link, retries: RetryDecision) -> bool:
    """Whether tries have no timeout and could have one: only our VirtualService carries it."""
    if retries.carrier == "virtualService":
        return link.failover.per_try_timeout is None
    return retries.carrier == "mesh" or retries.reason == "off"


def _remedy(retries: RetryDecision) -> str:
    if retries.carrier == "virtualService":
        return "Set `failover.retries.perTryTimeout` to more than an answer takes"
    return "Set `mode: virtualService` in `failover.retries`, and `perTryTimeout` to more than an answer takes"


def _pinged(relations: Relations, link: Link) -> bool:
    """Whether the rule of a host makes proxies ping; beside a local copy it must not (`plan.policies.local_rule`)."""
    if link.kind != "remote" or not relations.facts[link.cluster].pings_http2:
        return False
    return not is_stub(relations, link) or policies.decision(relations, link).owner == "ours"
