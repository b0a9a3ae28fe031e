"""What drains in which cluster: still exposed and published there, but nobody new is sent to it (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from meshgen.analysis.hosts import selects
from meshgen.language.cluster import Cluster
from meshgen.language.gateway import GatewaySettings
from meshgen.language.published_host import PublishedHost
from meshgen.language.workspace import ExposedService, Workspace

if TYPE_CHECKING:
    from meshgen.diagnostics import Span

Drainable = Workspace | ExposedService | GatewaySettings | PublishedHost
"""What has `draining`, clusters in which it drains. A gateway: the settings that hold, `Relations.gateways`."""
What = Literal["cluster", "workspace", "service", "gateway", "host"]


class Drain(NamedTuple):
    """What says that something drains in a cluster."""

    item: Cluster | Drainable
    field: Literal["state", "draining"]

    @property
    def what(self) -> What:
        """What sort of item says it."""
        match self.item:
            case Cluster():
                return "cluster"
            case Workspace():
                return "workspace"
            case ExposedService():
                return "service"
            case PublishedHost():
                return "host"
            case _:
                return "gateway"

    @property
    def everywhere(self) -> bool:
        """Whether it drains in every cluster, which is a word about the item and not about its clusters."""
        return self.field == "state" and not isinstance(self.item, Cluster)

    @property
    def span(self) -> Span | None:
        """Where it is written."""
        return self.item.span("state") if self.field == "state" else self.item.key_span("draining")


def draining(cluster: Cluster, *items: Drainable | None) -> Drain | None:
    """What makes things drain in `cluster` that pass all of `items`: the cluster itself, else the first of these.

    None: they do not. An exposure passes its workspace, its exposed service and its gateway; a published host passes
    the workspace, the exposed service of a route where there is one, its gateway, and the host itself.
    """
    if cluster.state == "draining":
        return Drain(cluster, "state")
    for item in items:
        if isinstance(item, (Workspace, ExposedService)) and item.state == "draining":
            return Drain(item, "state")
        if item is not None and item.draining is not None and selects(item.draining, cluster):
            return Drain(item, "draining")
    return None
