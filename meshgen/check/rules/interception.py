"""Connections that go past the sidecars: what comes into pods, and what callers send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.addresses import holds, overlap, parse_range
from meshgen.analysis.exposure import passes_sidecars
from meshgen.check.origins import exposure_at, service_object
from meshgen.check.places import listed, notes, short
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.language.inventory import ObservedOutbound

_AUTO_ALLOCATED = "240.240.0.0/16"
"""Where istiod takes addresses of ServiceEntries from (pilot/pkg/networking/serviceentry/ip_autoallocation.go)."""
_AGAIN = "restart the pods that call, and import the ConfigMap `istio-sidecar-injector` again"


def port_past_sidecars(context: Context) -> Iterator[Finding]:
    """Find exposed services some of whose TCP ports go past the sidecars of their pods; one finding.

    The gateway passes on mutual TLS, which nobody ends there. Without any other port that is MG352, or MG341.

    Source: traffic.sidecar.istio.io/excludeInboundPorts and includeInboundPorts (tools/istio-iptables).
    """
    for exposure in context.relations.exposures:
        past = [port for port in exposure.service.tcp_ports if not port.intercepted]
        if not past or passes_sidecars(exposure.service):
            continue
        numbers = ", ".join(str(port.port) for port in past)
        many = len(past) > 1
        yield Finding(
            message=f"port{'s' if many else ''} {numbers} of `{exposure.host}` in cluster `{exposure.cluster}` "
            f"{'go' if many else 'goes'} past the sidecars of its pods: other clusters get no answer there",
            span=past[0].span("intercepted"),
            help="Call them inside their cluster only, or let the sidecars take them: no "
            "`traffic.sidecar.istio.io/excludeInboundPorts` of the pods.",
            notes=notes((exposure_at(exposure), "exposed here")),
            object=service_object(exposure.cluster, exposure.service),
            cause=Cause(
                f"ports of {NAMES} go past the sidecars of their pods: other clusters get no answer there",
                f"fleet/{context.relations.fleet.name}",
                short(exposure.name),
                f"{short(exposure.name)} in `{exposure.cluster}`: {numbers}",
            ),
        )


def addresses_past_sidecars(context: Context) -> Iterator[Finding]:
    """Find clusters whose sidecars do not take calls to the addresses that ServiceEntries have.

    Such an address is nobody's: a call that goes past the sidecar is never answered.

    Source: `global.proxy.includeIPRanges` and `excludeIPRanges` of the injector's values (tools/istio-iptables).
    """
    relations = context.relations
    for cluster, (outbound, items) in _limited(context).items():
        facts = relations.facts[cluster]
        virtual = _AUTO_ALLOCATED if facts.allocates_addresses else facts.vip_range
        hosts = dict.fromkeys(
            item.host
            for item in items
            if item.form == "serviceEntry" and not {port.port for port in item.ports} <= {*outbound.ports}
        )
        if not hosts or not _is_past(outbound, virtual):
            continue
        excluded = any(overlap(text, virtual) for text in outbound.excluded_ip_ranges)
        remedy = f"Take {virtual} out of `global.proxy.excludeIPRanges`"
        if not excluded:
            remedy = f"Add {virtual} to `global.proxy.includeIPRanges`"
        yield Finding(
            message=f"sidecars of cluster `{cluster}` do not take calls to {virtual}, where the addresses of "
            f"{listed(hosts)} are: nobody there reaches {'it' if len(hosts) == 1 else 'them'}",
            span=outbound.span("excludedIPRanges" if excluded else "ipRanges"),
            help=f"{remedy} in the Helm values of istiod, {_AGAIN}.",
            object=f"cluster/{cluster}",
        )


def _limited(context: Context) -> dict[str, tuple[ObservedOutbound, list[Import]]]:
    """The clusters whose sidecars do not take all calls, what they take, and the imports there."""
    found: dict[str, tuple[ObservedOutbound, list[Import]]] = {}
    for item in context.calls.imports:
        istio = context.relations.facts[item.consumer].istio
        if item.takes and istio is not None and istio.outbound is not None:
            found.setdefault(item.consumer, (istio.outbound, []))[1].append(item)
    return dict(sorted(found.items()))


def _is_past(outbound: ObservedOutbound, virtual: str) -> bool:
    if any(overlap(text, virtual) for text in outbound.excluded_ip_ranges):
        return True
    wanted = parse_range(virtual)
    if outbound.ip_ranges is None or wanted is None:
        return False  # MG319
    taken = [found for text in outbound.ip_ranges if (found := parse_range(text)) is not None]
    return not any(holds(each, wanted) for each in taken)


def ports_past_sidecars(context: Context) -> Iterator[Finding]:
    """Find hosts with ports that the sidecars of a consumer do not take; one finding a cluster.

    Such a call knows nothing of other clusters: it goes to a local pod, or to an address that is nobody's.

    Source: `global.proxy.excludeOutboundPorts` of the injector's values (tools/istio-iptables).
    """
    for cluster, (outbound, items) in _limited(context).items():
        excluded = {*outbound.excluded_ports}
        hosts: dict[str, set[int]] = {}
        for item in items:
            past = {port.port for port in item.ports} & excluded
            if past:
                hosts.setdefault(item.host, set()).update(past)
        if not hosts:
            continue
        named = sorted(set().union(*hosts.values()))
        what, numbers = "ports" if len(named) > 1 else "port", ", ".join(map(str, named))
        yield Finding(
            message=f"sidecars of cluster `{cluster}` do not take calls to {what} {numbers}: there no caller of "
            f"{listed(hosts)} reaches other clusters",
            span=outbound.span("excludedPorts"),
            help=f"Take {numbers} out of `global.proxy.excludeOutboundPorts` in the Helm values of istiod, {_AGAIN}; "
            "or accept this.",
            object=f"cluster/{cluster}",
        )


RULES = (
    Rule("MG410", "warning", "a port that goes past sidecars", "0.1", port_past_sidecars),
    Rule("MG411", "error", "addresses that callers' sidecars do not take", "0.1", addresses_past_sidecars),
    Rule("MG448", "warning", "ports that callers' sidecars do not take", "0.1", ports_past_sidecars),
)
