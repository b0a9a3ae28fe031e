"""A gateway of its own mesh needs the name of the cluster's network (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.networks import unknown_networks
from meshgen.diagnostics import Diagnostic
from meshgen.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find clusters with a gateway and an unknown network, on platforms where nobody else knows it.

    Without `ISTIO_META_REQUESTED_NETWORK_VIEW` the gateway balances onto the remote endpoints of its own cluster, and
    traffic goes in circles (Istio: pilot/pkg/model/proxy_view.go, pilot/pkg/xds/endpoints/ep_filters.go).
    """
    if not platform(relations.fleet.spec.platform).needs_network:
        return
    for cluster in unknown_networks(relations):
        yield Diagnostic(
            code="MG302",
            severity="error",
            message=f"the network of cluster `{cluster.name}` is unknown, so its gateway could send traffic in circles",
            span=cluster.span("name"),
            help='Set `network` to the label `topology.istio.io/network` of its root namespace, or to `""` if there is '
            "none.",
            object=f"cluster/{cluster.name}",
        )
