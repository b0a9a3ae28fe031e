"""Withdrawing is two commits: first no one uses an exposure, then it goes (design §3, Draining)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis import names
from meshgen.analysis.hosts import ServiceName, host_matches
from meshgen.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.plan.model import GatewayAddress, Plan
    from meshgen.tree.model import Change, Comparison

_WORKLOAD_ENTRY = re.compile(
    r"(?P<consumer>[^/]+)/(?P<namespace>[^/]+)/workloadentry\.networking\.istio\.io_"
    r"(?P<stem>k-(?P<service>.+)-[0-9a-f]{32})(?:-[0-9]+)?\.yaml"
)
_SERVICE_ENTRY = re.compile(r"(?P<consumer>[^/]+)/[^/]+/serviceentry\.networking\.istio\.io_.+\.yaml")
_HOST = re.compile(rb"^  hosts:\n  - \"?([^\"\n]+)", re.MULTILINE)
_NETWORK = re.compile(rb"^    network: \"?([^\"\n]+)", re.MULTILINE)


class _Use(NamedTuple):
    """A file of the tree on disk that sends callers of `consumer` to `host` behind a gateway, None: an unknown one."""

    path: str
    consumer: str
    host: str
    gateway: GatewayAddress | None


def withdrawn(
    comparison: Comparison, plan: Plan, cluster_domain: str, *, only: frozenset[str] | None = None
) -> Iterator[Diagnostic]:
    """Find exposures that the new tree lacks while the tree on disk still has consumers of them.

    Only files that change or go are looked at: an entry that stays the same leads to what is still exposed. `only`:
    the clusters that are written; others keep what they expose.
    """
    by_network = {names.gateway_network(*gateway): gateway for gateway in plan.exposed}
    seen: set[tuple[str, str, GatewayAddress | None]] = set()
    for change in comparison.changes:
        for use in _uses(change, plan, by_network, cluster_domain):
            hosts = plan.exposed[use.gateway] if use.gateway is not None else ()
            key = (use.consumer, use.host, use.gateway)
            if only is not None and use.gateway is not None and use.gateway.cluster not in only:
                continue
            if key in seen or any(host_matches(pattern, use.host) for pattern in hosts):
                continue
            seen.add(key)
            source = f"`{use.gateway.cluster}`" if use.gateway else "a gateway that is no longer in the fleet"
            yield Diagnostic(
                code="MG650",
                severity="error",
                message=f"`{use.host}` would no longer be exposed by {source}, "
                f"but `{use.consumer}` still calls it there",
                span=Span(str(comparison.output / change.path), 1, 1, 1, 1),
                help="Set `state: draining` (or `state: leaving` in the inventory), build and sync everywhere, "
                "then remove it; `--force` if nothing calls it.",
                object=use.host,
            )


def _uses(change: Change, plan: Plan, by_network: dict[str, GatewayAddress], cluster_domain: str) -> Iterator[_Use]:
    entry = _WORKLOAD_ENTRY.fullmatch(change.path)
    if entry is not None and change.new is None:
        service = ServiceName(entry["namespace"], entry["service"])
        gateway = next(
            (address for address in plan.exposed if names.entry_stem(*address, service) == entry["stem"]), None
        )
        yield _Use(change.path, entry["consumer"], service.host(cluster_domain), gateway)
        return
    remote = _SERVICE_ENTRY.fullmatch(change.path)
    if remote is None or change.seen is None:
        return
    old = change.old or b""
    host = _HOST.search(old)
    if host is None:
        return
    for network in sorted(set(_NETWORK.findall(old))):
        yield _Use(change.path, remote["consumer"], host[1].decode(), by_network.get(network.decode()))
