"""All about the name of a health check: where it is asked, and who answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshgen.published.probes import Probe


def probe(found: Probe, cluster_domain: str, entry_point: str | None = None) -> str:
    """The text about one name. `entry_point`: as it is asked in this cluster, and no other."""
    whose = "the canary" if found.published is None else f"`{found.published.host}`"
    what = "entry points" if found.cluster is None else f"cluster `{found.cluster}`"
    lines = [
        found.host,
        f"  the health check of {what}, by {whose}",
        f"  `{found.path}` of `{found.service.host(cluster_domain)}` has to answer {found.expected_status}",
    ]
    for gateway, behind, _ in found.asked_at:
        if entry_point in (None, gateway.cluster):
            state = "" if gateway.drain is None else ", draining"
            answering = ", ".join(each.cluster for each in behind) or "nobody"
            lines += ["", f"{gateway.cluster}: {gateway.role} gateway `{gateway.namespace}/{gateway.name}`{state}"]
            lines += [f"  answered by {answering}"]
    return "\n".join(lines) + "\n"
