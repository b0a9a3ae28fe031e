"""A virtual address that is a pod's takes that pod's traffic."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import istio_place, notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters whose range of virtual addresses overlaps their own pods' ranges and is used."""
    users = sorted({link.cluster for link in imports(relations) if link.kind == "remote"})
    for name in users:
        facts = relations.facts[name]
        if not facts.dns_capture or facts.allocates_addresses:
            continue
        cluster = relations.cluster(name)
        for index, pods in enumerate(cluster.pod_cidrs):
            if not _overlap(facts.vip_range, pods):
                continue
            yield Diagnostic(
                code="MG377",
                severity="warning",
                message=f"the range {facts.vip_range} of virtual addresses overlaps the pods {pods} of cluster "
                f"`{name}`",
                span=cluster.span("podCIDRs", index),
                help="Set `istio.vipRange` to a range that the cluster does not use.",
                notes=notes((istio_place(relations, name, "vipRange"), "the range of virtual addresses")),
                object=f"cluster/{name}",
            )


def _overlap(first: str, second: str) -> bool:
    try:
        one, two = ipaddress.ip_network(first, strict=False), ipaddress.ip_network(second, strict=False)
    except ValueError:
        return False  # MG319
    return one.version == two.version and one.overlaps(two)
