"""What every cluster would get for every host of other clusters: the ground that many rules share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.facts import own_entries
from meshgen.analysis.groups import groups
from meshgen.analysis.policies import local_levels, remote_levels, retry, service_name, shared_ports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.analysis.failover import EffectiveFailover
    from meshgen.analysis.groups import Group
    from meshgen.analysis.hosts import ServiceName
    from meshgen.analysis.policies import RetryDecision
    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.language.inventory import ObservedService, ServicePort

Kind = Literal["remote", "failover", "off", "unfit", "namesake"]


@dataclass(frozen=True, slots=True)
class Link:
    """One host that other clusters serve to `cluster`.

    `remote`: the cluster lacks it; `failover`: its own copy comes first; `off`: it has one and failover is switched
    off; `unfit`: its own copy cannot take entries; `namesake`: another workspace's Service, or nobody's, has the name.
    """

    kind: Kind
    cluster: str
    host: str
    service: ServiceName
    sources: tuple[Exposure, ...]
    local: ObservedService | None

    @property
    def failover(self) -> EffectiveFailover:
        """The settings: those of the first source, since one exposed service has one of them."""
        return self.sources[0].failover

    @property
    def ports(self) -> Sequence[ServicePort]:
        """Those of the consumer's own copy, or those that all sources share where it has none."""
        return self.local.ports if self.local else shared_ports(self.sources)

    @property
    def object(self) -> str:
        """The logical name of the Service in the consumer."""
        return f"{self.cluster}/{self.service.namespace}/{self.service.name}"


@lru_cache(maxsize=1)
def links(relations: Relations) -> tuple[Link, ...]:
    """Every host of every cluster that other clusters serve, sorted by host, then cluster."""
    return tuple(
        link
        for host in relations.by_host
        for cluster in relations.fleet.clusters
        if (link := _link(relations, cluster.name, host)) is not None
    )


def _link(relations: Relations, cluster: str, host: str) -> Link | None:
    sources = tuple(relations.sources(cluster, host))
    if not sources:
        return None
    name = service_name(relations, host)
    existing = relations.services[cluster].get(name)
    there = existing is not None and (
        existing.state == "active" or relations.local(cluster, sources[0].workspace, name) is not None
    )
    if existing is None or not there:
        return Link("remote", cluster, host, name, sources, None)
    workspace = relations.workspace_of(cluster, name.namespace)
    ours = tuple(source for source in sources if workspace is not None and source.workspace.name == workspace.name)
    if not ours:
        return Link("namesake", cluster, host, name, sources, existing)
    kind: Kind = "failover"
    if not ours[0].failover.enabled:
        kind = "off"
    elif relations.unexposable(cluster, existing) is not None:
        kind = "unfit"
    return Link(kind, cluster, host, name, ours, existing)


@lru_cache(maxsize=1)
def imports(relations: Relations) -> tuple[Link, ...]:
    """The links for which meshgen writes entries, none where a control plane does."""
    if not own_entries(relations.fleet):
        return ()
    return tuple(link for link in links(relations) if link.kind in ("remote", "failover"))


def all_groups(relations: Relations) -> dict[str, list[Group]]:
    """Cluster → its groups of Services that share entries; empty where a control plane writes them."""
    return groups(relations) if own_entries(relations.fleet) else {}


def is_stub(relations: Relations, link: Link) -> bool:
    """Whether the host gets a Service without pods, since the cluster's sidecars do not answer DNS."""
    return link.kind == "remote" and not relations.facts[link.cluster].dns_capture


def levels(relations: Relations, link: Link) -> int:
    """How many priority levels the endpoints of a host form: local ones, those of the own region, the rest."""
    remote = remote_levels(relations, link.cluster, [source.cluster for source in link.sources])
    return remote + (link.kind == "failover")


def levels_before_remote(link: Link) -> int:
    """Levels that a request passes before the first remote one, at least the one it starts at."""
    return local_levels(link.failover) if link.kind == "failover" else 1


@lru_cache(maxsize=1)
def retries(relations: Relations) -> tuple[tuple[Link, RetryDecision], ...]:
    """Who retries, for every import."""
    return tuple(
        (
            link,
            retry(relations, link.cluster, link.sources, link.ports, local=link.kind == "failover"),
        )
        for link in imports(relations)
    )
