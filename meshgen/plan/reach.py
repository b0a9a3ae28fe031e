"""Who reaches what, and why: the view of the plan that `show` and `explain` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.groups import groups, remote_sources
from meshgen.analysis.policies import retry, service_name, shared_ports
from meshgen.plan.model import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.groups import Group
    from meshgen.analysis.policies import RetryCarrier
    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.plan.model import ReachState


def reach(relations: Relations) -> Iterator[Reach]:
    """One item for each exposed host and each cluster, in that order."""
    by_cluster = groups(relations)
    for host, exposures in relations.by_host.items():
        for cluster in relations.fleet.clusters:
            yield _reach(relations, cluster.name, host, exposures, by_cluster[cluster.name])


def _reach(relations: Relations, cluster: str, host: str, exposures: list[Exposure], found: list[Group]) -> Reach:
    name = service_name(relations, host)
    service = relations.services[cluster].get(name)
    local = relations.local(cluster, exposures[0].workspace, name)
    sources = relations.sources(cluster, host)
    state: ReachState
    retries: RetryCarrier = "none"
    if local is not None:
        remotes = remote_sources(relations, cluster, local)
        group = next((g for g in found if local in g.services), None)
        reasons = list(_local_reasons(relations, cluster, exposures, sources, remotes, group))
        moving = bool(remotes) and not (group and group.conflict)
        state = "failover" if moving else "local"
        sources = remotes if moving else []
        if moving:
            retries = retry(relations, cluster, remotes, local.ports, local=True).carrier
    elif relations.namesake(cluster, exposures[0].workspace, name) is not None:
        workspace = exposures[0].workspace.name
        state, reasons, sources = "local", [f"its Service is not in workspace `{workspace}` and keeps the name"], []
    elif sources:
        state, reasons = "remote", list(_remote_reasons(service, sources, exposures))
        retries = retry(relations, cluster, sources, shared_ports(sources), local=False).carrier
    else:
        state, reasons = "unreachable", list(_unreachable_reasons(relations, cluster, exposures))
    return Reach(
        host=host,
        cluster=cluster,
        state=state,
        sources=tuple(source.cluster for source in sources),
        reasons=tuple(reasons),
        exposes=any(exposure.cluster == cluster for exposure in exposures),
        retries=retries,
    )


def not_serving(relations: Relations, exposure: Exposure) -> str | None:
    """Why consumers get no endpoints of an exposure, None where they do."""
    if relations.cluster(exposure.cluster).state == "draining":
        return f"cluster `{exposure.cluster}` is draining"
    if exposure.workspace.state == "draining":
        return f"workspace `{exposure.workspace.name}` is draining"
    if exposure.setting is not None and exposure.setting.state == "draining":
        return "the exposed service is draining"
    if exposure.service.state != "active":
        return f"the Service is {exposure.service.state} in `{exposure.cluster}`"
    if not exposure.address_known:
        gateway = f"{exposure.gateway.namespace}/{exposure.gateway.name}"
        return f"gateway `{gateway}` of `{exposure.cluster}` has no known address yet"
    return None


def _local_reasons(
    relations: Relations,
    cluster: str,
    exposures: list[Exposure],
    sources: list[Exposure],
    remotes: list[Exposure],
    group: Group | None,
) -> Iterator[str]:
    arriving = relations.services[cluster][exposures[0].name].state == "arriving"
    if arriving:
        yield f"the Service is arriving in `{cluster}`: callers are remote until it is there, then local"
    else:
        yield f"`{cluster}` has the Service, so callers stay local"
    if group is not None and len(group.services) > 1 and group.conflict is None:
        others = ", ".join(f"`{service.name}`" for service in group.services)
        yield f"it shares its entries with the Services that select the same pods: {others}"
    if sources and not remotes:
        enabled = sources[0].failover.enabled
        yield "failover is off" if not enabled else "the remote copies belong to another workspace"
    if not sources:
        yield from _unreachable_reasons(relations, cluster, exposures)


def _remote_reasons(
    service: ObservedService | None, sources: list[Exposure], exposures: list[Exposure]
) -> Iterator[str]:
    yield f"its Service is {service.state}" if service is not None else "no Service of that name here"
    serving = {source.cluster for source in sources}
    for exposure in exposures:
        if exposure.cluster in serving:
            gateway = f"{exposure.gateway.namespace}/{exposure.gateway.name}"
            yield f"`{exposure.cluster}` serves it through gateway `{gateway}`"


def _unreachable_reasons(relations: Relations, cluster: str, exposures: list[Exposure]) -> Iterator[str]:
    others = [exposure for exposure in exposures if exposure.cluster != cluster]
    if not others:
        yield "no other cluster exposes it"
    for exposure in others:
        reason = not_serving(relations, exposure)
        if reason is not None:
            yield f"not from `{exposure.cluster}`: {reason}"
        elif not relations.consumes(relations.cluster(cluster), exposure):
            yield f"not from `{exposure.cluster}`: `{cluster}` is not among the consumers"
