"""A gateway without a known network gets no network view (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.check.networks import unknown_networks
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with a gateway and an unknown network, on platforms that may know it themselves.

    Only our entries need the view (Istio: pilot/pkg/model/proxy_view.go).
    """
    fleet = relations.fleet
    if platform(fleet.spec.platform).needs_network or not own_entries(fleet):
        return
    for cluster in unknown_networks(relations):
        yield Diagnostic(
            code="MG303",
            severity="warning",
            message=f"the network of cluster `{cluster.name}` is unknown, so its gateway gets no network view",
            span=cluster.span("name"),
            help='Set `network` to the label `topology.istio.io/network` of `istio-system`, or to `""` if there is '
            "none: without a view traffic can go in circles.",
            object=f"cluster/{cluster.name}",
        )
