"""What a loss comes from: why a cluster no longer answers, where the fleet says it, and whether it is meant."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from meshgen.analysis.hosts import parse_host
from meshgen.calls.absence import absent_copy, absent_source
from meshgen.calls.model import Reason
from meshgen.calls.reasons import left_out
from meshgen.plan.reach import chosen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.calls import Calls
    from meshgen.calls.model import Why
    from meshgen.diagnostics import Span
    from meshgen.plan.diff import Loss
    from meshgen.plan.reach import Reach

_DRAINING: frozenset[Why] = frozenset(
    {
        "cluster draining",
        "workspace draining",
        "workspace draining there",
        "service draining",
        "service draining there",
        "gateway draining",
    }
)
_OF_WORKSPACE: dict[Why, str] = {
    "no gateway": "eastWestGateway",
    "gateway elsewhere": "eastWestGateway",
    "not listed": "exposedServices",
    "exception": "unexposedServices",
}
_WORDS: dict[Why, str] = {
    "no cluster": "cluster `{cluster}` is no longer in the fleet",
    "no namespace": "namespace {names} is no longer in the inventory of `{cluster}`",
    "source gone": "the inventory of `{cluster}` no longer has the Service",
    "no workspace": "no workspace spans namespace {names} of `{cluster}` any more",
    "no gateway": "workspace {names} has no east-west gateway in `{cluster}` any more",
    "gateway elsewhere": "its gateway is not in `{cluster}` any more",
    "exception": "workspace {names} leaves it out in `{cluster}`",
    "cannot": "the Service in `{cluster}` {text}",
    "stays": "callers in `{cluster}` cannot move: {text}",
    "not listed": "workspace {names} no longer exposes it in `{cluster}`",
    "no address": "gateway {names} of `{cluster}` has no address any more",
    "no family": "gateway {names} of `{cluster}` has no address any more that callers can dial",
    "cluster draining": "cluster `{cluster}` is draining",
    "workspace draining": "workspace {names} is draining",
    "workspace draining there": "workspace {names} is draining in `{cluster}`",
    "not a source": "`sources` does not choose `{cluster}`",
    "not named": "the order or the shares do not name `{cluster}`",
    "share 0": "the share of `{cluster}` is 0",
    "service draining": "it is draining",
    "service draining there": "it is draining in `{cluster}`",
    "gateway draining": "gateway {names} is draining in `{cluster}`",
    "source state": "the Service is {text} in `{cluster}`",
    "no consumer": "labels or role of `{cluster}` no longer make it a consumer",
    "namesake": "the Service of `{cluster}` is not in workspace {names} and keeps the name",
    "failover off": "failover is off",
    "shared entries": "in `{cluster}` it shares its pods with Services that have other sources: {names}",
    "other workspace": "the copy in `{cluster}` belongs to another workspace",
    "port gone": "the Service in `{cluster}` no longer has the port",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why callers are no longer sent to one cluster."""

    reason: Reason
    meant: bool = field(default=False, compare=False)
    """Whether the fleet says that they are to lose this one."""
    given_up: bool = field(default=False, compare=False)
    """Whether it says that they are to have none: it drains the service itself, or they are no consumers any more."""
    span: Span | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.reason.said(_WORDS[self.reason.why])

    @property
    def draining(self) -> bool:
        return self.reason.why in _DRAINING or (self.reason.why == "source state" and self.meant)

    @property
    def sort_key(self) -> tuple[str, str, tuple[str, ...]]:
        return self.reason.cluster, self.reason.why, self.reason.names


def causes(calls: Calls, loss: Loss, old: Reach) -> tuple[Cause, ...]:
    """The causes of a loss, sorted, each once; `calls` are those of the fleet that is built."""
    drained = host_drained(calls.relations, loss.host)
    found = {replace(cause, given_up=cause.given_up or drained) for cause in _causes(calls, loss, old)}
    return tuple(sorted(found, key=lambda cause: cause.sort_key))


def host_drained(relations: Relations, host: str) -> bool:
    """Whether the fleet announces that a host goes, wherever it is; two workspaces with one host speak for one each."""
    exposures = relations.by_host.get(host, ())
    settings = [(exposure.workspace, exposure.setting) for exposure in exposures]
    return len({workspace.name for workspace, _ in settings}) == 1 and all(
        "draining" in (workspace.state, setting.state if setting else "") for workspace, setting in settings
    )


def _causes(calls: Calls, loss: Loss, old: Reach) -> Iterator[Cause]:
    relations = calls.relations
    if loss.consumer not in relations.facts:
        span = relations.fleet.spec.key_span("clusters")
        yield Cause(Reason("no cluster", loss.consumer), meant=old.draining, given_up=old.draining, span=span)
        return
    for gateway in loss.gateways:
        yield _of_source(calls, loss, old, gateway.cluster)
    name = parse_host(loss.host, relations.fleet.spec.cluster_domain)
    if loss.own and name is not None:
        reason = absent_copy(relations, loss.consumer, name)
        if reason is None and loss.host in calls.of(loss.consumer):
            unused = calls.of(loss.consumer)[loss.host].unused
            reason = next((left_out(each) for each in unused if each.cluster == loss.consumer), None)
        if reason is not None:
            going = relations.cluster(loss.consumer).state == "draining"
            cause = _cause(relations, reason, loss.host)
            yield replace(cause, meant=cause.meant or going)
    if loss.kind == "last":
        # What does not serve since an earlier fleet is no loss of this one, but why nothing is left.
        for exposure in relations.by_host.get(loss.host, ()):
            if exposure.cluster not in (loss.consumer, *(gateway.cluster for gateway in loss.gateways)):
                reason = absent_source(calls, loss.consumer, loss.host, exposure.cluster)
                if reason.why in _DRAINING or reason.why == "source state":
                    yield _cause(relations, reason, loss.host)
    if loss.kind == "port":
        for exposure in calls.of(loss.consumer)[loss.host].sources:
            has = {port.port for port in exposure.service.tcp_ports}
            if not has.issuperset(loss.ports):
                reason = Reason("port gone", exposure.cluster, (exposure.service.name,))
                yield Cause(reason, span=exposure.service.span("ports"))


def _of_source(calls: Calls, loss: Loss, old: Reach, cluster: str) -> Cause:
    relations = calls.relations
    reason = absent_source(calls, loss.consumer, loss.host, cluster)
    if reason.why != "no consumer":
        return _cause(relations, reason, loss.host)
    before = next(source.consumers for source in old.sources if source.gateway.cluster == cluster)
    exposure = next(found for found in relations.by_host[loss.host] if found.cluster == cluster)
    said = before != chosen(exposure)
    span = relations.cluster(loss.consumer).span()
    return Cause(Reason("no consumer", loss.consumer), meant=said, given_up=said, span=span)


def _cause(relations: Relations, reason: Reason, host: str) -> Cause:
    meant = reason.why in _DRAINING or reason.why == "failover off" or reason.names == ("leaving",)
    return Cause(reason, meant=meant, span=_place(relations, reason, host))


def _place(relations: Relations, reason: Reason, host: str) -> Span | None:
    """Where the fleet or an inventory says it, or would have to say otherwise."""
    spec, cluster = relations.fleet.spec, reason.cluster
    if cluster not in relations.facts:
        return spec.key_span("clusters")
    item, inventory = relations.cluster(cluster), relations.inventory(cluster)
    exposure = relations.exposure(cluster, host)
    if exposure is not None:
        if reason.why in _DRAINING and exposure.drain is not None:
            return exposure.drain.span
        if reason.why == "no address" and exposure.reach.shown_by is not None:
            return exposure.reach.span()
    if reason.why in _OF_WORKSPACE:
        for workspace in relations.fleet.workspaces:
            if workspace.name in reason.names:
                return workspace.key_span(_OF_WORKSPACE[reason.why])
    if inventory is None:
        return item.span()
    written = {"no namespace": "namespaces", "no workspace": "namespaces", "no address": "gateways"}.get(reason.why)
    return inventory.key_span(written or "services")
