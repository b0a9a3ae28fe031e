"""Copies of one service: their ports agree, and they can take remote endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import ServiceName
from meshgen.analysis.service_labels import OF_A_REVISION
from meshgen.check.copies import copies, encryption_differs, ports_of, protocol_differences, usual
from meshgen.check.exposable import unexposable_services
from meshgen.check.origins import exposure_at
from meshgen.check.places import listed, notes, short
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics import Cause
from meshgen.diagnostics.several import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Import
    from meshgen.check.context import Context
    from meshgen.check.copies import Copy, PortOf
    from meshgen.language.inventory import ObservedService


def copy_cannot_take_entries(context: Context) -> Iterator[Finding]:
    """Find copies that other clusters could stand in for, were they not headless or the like; not those of MG340.

    A local copy that cannot take WorkloadEntries has no failover.
    """
    relations = context.relations
    if not own_entries(relations.fleet):
        return
    listed = {
        (found.cluster, ServiceName(found.service.namespace, found.service.name))
        for found in unexposable_services(relations)
        if found.setting is not None
    }
    for call in context.calls:
        if call.unfit is None or call.local is None or (call.consumer, call.service) in listed:
            continue
        source = call.sources[0]
        yield Finding(
            message=f"`{call.host}` cannot fail over from cluster `{call.consumer}`: its Service there {call.unfit}",
            span=call.local.span("name"),
            help="Make it a ClusterIP Service with a selector and named ports, or set `failover: {enabled: false}`.",
            notes=notes((exposure_at(source), f"cluster `{source.cluster}` serves it")),
            object=call.object,
        )


def port_of_some_copies(context: Context) -> Iterator[Finding]:
    """Find ports whose name and whose number a copy lacks; one that shares either is for MG345 or MG346.

    Copies without any port in common are for MG348.

    A port that only some copies have leads nowhere in the others (design §3).
    """
    for host, group in copies(context.calls).items():
        seen: set[int] = set()
        numbers = {copy.cluster: {port.port for port in copy.ports} for copy in group}
        names = {copy.cluster: {port.name for port in copy.ports} for copy in group}
        for having in ports_of(group):
            number, name = having.port.port, having.port.name
            lacking = [
                copy
                for copy in group
                if number not in numbers[copy.cluster]
                and name not in names[copy.cluster]
                and not numbers[copy.cluster].isdisjoint(numbers[having.copy.cluster])
            ]
            if not lacking or number in seen:
                continue
            seen.add(number)
            yield Finding(
                message=f"port `{name}` ({number}) of `{host}` is missing in {_clusters(len(lacking))} "
                f"{listed(copy.cluster for copy in lacking)}",
                span=having.span,
                help="Give all copies the same ports, or call this port inside its cluster only.",
                notes=notes((lacking[0].service.span("ports"), f"the ports in `{lacking[0].cluster}`")),
                object=host,
                cause=_of_copies(
                    context,
                    f"only some copies of {NAMES} have all ports",
                    having.copy,
                    f"port {number} is missing in {listed(copy.cluster for copy in lacking)}",
                ),
            )


def _of_copies(context: Context, message: str, copy: Copy, place: str) -> Cause:
    """A cause that the copies of many services may have."""
    name = short(ServiceName(copy.service.namespace, copy.service.name))
    return Cause(message, f"fleet/{context.relations.fleet.name}", name, f"{name} in `{copy.cluster}`: {place}")


def _clusters(count: int) -> str:
    return "cluster" if count == 1 else "clusters"


def port_name_with_two_numbers(context: Context) -> Iterator[Finding]:
    """Find port names that have another number in another copy.

    The number of a port is part of what the gateway is asked for, so one name needs one number everywhere.

    Source: SNI `outbound_.<port>_.<subset>_.<host>`, pilot/pkg/networking/core/gateway.go.
    """
    for host, group in copies(context.calls).items():
        by_name: dict[str, list[PortOf]] = {}
        for each in ports_of(group):
            if each.port.name is not None:
                by_name.setdefault(each.port.name, []).append(each)
        for name, ports in by_name.items():
            number = usual(each.port.port for each in ports)
            base = next(each for each in ports if each.port.port == number)
            others = {each.port.port: each for each in reversed(ports) if each.port.port != number}
            for other in others.values():
                yield Finding(
                    message=f"port `{name}` of `{host}` is {other.port.port} in cluster `{other.copy.cluster}` "
                    f"and {number} in cluster `{base.copy.cluster}`",
                    span=other.span,
                    help="Give the port one number in all clusters, or different names.",
                    notes=notes((base.span, f"{number} in `{base.copy.cluster}`")),
                    object=host,
                )


def port_number_with_two_names(context: Context) -> Iterator[Finding]:
    """Find port numbers that have another name in another copy.

    Ports are matched by name and number, so one number needs one name everywhere.
    """
    for host, group in copies(context.calls).items():
        by_number: dict[int, list[PortOf]] = {}
        for each in ports_of(group):
            if each.port.name is not None:
                by_number.setdefault(each.port.port, []).append(each)
        for number, ports in by_number.items():
            name = usual(each.port.name for each in ports)
            base = next(each for each in ports if each.port.name == name)
            others = {each.port.name: each for each in reversed(ports) if each.port.name != name}
            for other in others.values():
                yield Finding(
                    message=f"port {number} of `{host}` is named `{other.port.name}` in cluster "
                    f"`{other.copy.cluster}` and `{name}` in cluster `{base.copy.cluster}`",
                    span=other.port.span("name"),
                    help="Give the port one name in all clusters: a ServiceEntry carries only ports that agree.",
                    notes=notes((base.port.span("name"), f"`{name}` in `{base.copy.cluster}`")),
                    object=host,
                    cause=_of_copies(
                        context,
                        f"ports of {NAMES} have one number and two names",
                        other.copy,
                        f"port {number} is `{other.port.name}`, in `{base.copy.cluster}` `{name}`",
                    ),
                )


def protocol_differs(context: Context) -> Iterator[Finding]:
    """Find ports that copies declare differently and that may still work; those that cannot are for MG382.

    A port speaks one protocol in all clusters: the client's sidecar goes by what its own cluster says.

    Source: protocol selection by `appProtocol` or the port's name.
    """
    for host, other, base in protocol_differences(context.calls):
        if encryption_differs(other, base):
            continue
        yield Finding(
            message=f"port {other.port.port} of `{host}` speaks {other.protocol} in cluster `{other.copy.cluster}` "
            f"and {base.protocol} in cluster `{base.copy.cluster}`",
            span=other.span,
            help="Declare one protocol in all clusters, with `appProtocol` or the prefix of the port's name.",
            notes=notes((base.span, f"{base.protocol} in `{base.copy.cluster}`")),
            object=host,
            cause=_of_copies(
                context,
                f"copies of {NAMES} declare different protocols",
                other.copy,
                f"port {other.port.port} speaks {other.protocol}, in `{base.copy.cluster}` {base.protocol}",
            ),
        )


Side = tuple[str, "ObservedService"]


def no_common_port(context: Context) -> Iterator[Finding]:
    """Find copies that share no port; a name with two numbers is the cause that MG345 names.

    A ServiceEntry carries the ports that all its sources have, a WorkloadEntry those of the local copy (design §3).
    """
    seen: set[tuple[str, frozenset[str]]] = set()
    for item in context.calls.imports:
        for (cluster, service), (other_cluster, other) in _apart(item):
            key = (item.host, frozenset({cluster, other_cluster}))
            if key in seen or _names(service) & _names(other):
                continue
            seen.add(key)
            yield Finding(
                message=f"the copies of `{item.host}` in clusters `{cluster}` and `{other_cluster}` have no port in "
                f"common",
                span=other.span("ports"),
                help="Give both the same port, with the same name, or take one of them out of `exposedServices`.",
                notes=notes((service.span("ports"), f"the ports in `{cluster}`")),
                object=item.host,
            )


def _apart(item: Import) -> Iterator[tuple[Side, Side]]:
    """Pairs of copies without which the entries would carry a port."""
    if item.local is not None:
        local = item.local
        for source in item.sources:
            if not _numbers(local) & _numbers(source.service):
                yield (item.consumer, local), (source.cluster, source.service)
        return
    first = item.sources[0]
    shared = _agreeing(first.service)
    for source in item.sources[1:]:
        shared &= _agreeing(source.service)
        if not shared:
            yield (first.cluster, first.service), (source.cluster, source.service)
            return


def _numbers(service: ObservedService) -> set[int]:
    return {port.port for port in service.tcp_ports}


def _names(service: ObservedService) -> set[str | None]:
    return {port.name for port in service.tcp_ports}


def _agreeing(service: ObservedService) -> set[tuple[str | None, int]]:
    return {(port.name, port.port) for port in service.tcp_ports}


_TOO_LONG = 63


def port_name_too_long(context: Context) -> Iterator[Finding]:
    """Find names of ports and of target ports that an entry would need as a key.

    Istio's schema wants keys of `ports` below 63 characters, one less than Kubernetes.
    """
    seen: set[int] = set()
    for item in context.calls.imports:
        copies = [(source.cluster, source.service) for source in item.sources]
        for cluster, service in [(item.consumer, item.local)] if item.local is not None else copies:
            if id(service) in seen:
                continue
            seen.add(id(service))
            for port in service.tcp_ports:
                for field, name in (("name", port.name), ("targetPort", port.target_port)):
                    if isinstance(name, str) and len(name) >= _TOO_LONG:
                        yield Finding(
                            message=f"port name `{name}` of `{item.host}` in cluster `{cluster}` is too long for an "
                            f"entry: {len(name)} characters, Istio takes 62",
                            span=port.span(field),
                            help="Shorten the name of the port.",
                            object=f"{cluster}/{service.namespace}/{service.name}",
                        )


def internal_traffic_policy(context: Context) -> Iterator[Finding]:
    """Find local copies with `internalTrafficPolicy: Local` which remote ones would stand in for.

    The policy hides every endpoint of another node, so all remote ones.

    Source: pilot/pkg/xds/endpoints/endpoint_builder.go.
    """
    for item in context.calls.imports:
        if item.local is None or item.local.internal_traffic_policy != "Local":
            continue
        source = item.sources[0]
        yield Finding(
            message=f"`{item.host}` cannot fail over from cluster `{item.consumer}`: "
            f"`internalTrafficPolicy: Local` hides remote endpoints",
            span=item.local.span("internalTrafficPolicy"),
            help="Remove the policy from the Service, or set `failover: {enabled: false}`.",
            notes=notes((exposure_at(source), f"cluster `{source.cluster}` serves it")),
            object=item.object,
        )


def one_copy_encrypts(context: Context) -> Iterator[Finding]:
    """Find ports that speak TLS by themselves in one cluster and plain HTTP in another.

    A client speaks TLS or plain HTTP, whichever cluster answers.

    Source: design §3; protocol selection (Istio: pkg/config/kube/conversion.go).
    """
    for host, other, base in protocol_differences(context.calls):
        if not encryption_differs(other, base):
            continue
        yield Finding(
            message=f"port {other.port.port} of `{host}` speaks {other.protocol} in cluster `{other.copy.cluster}` "
            f"and {base.protocol} in cluster `{base.copy.cluster}`: no client can call both",
            span=other.span,
            help="Let all copies encrypt, or none, and declare it with `appProtocol` or the port's name.",
            notes=notes((base.span, f"{base.protocol} in `{base.copy.cluster}`")),
            object=host,
        )


def selects_one_revision(context: Context) -> Iterator[Finding]:
    """Find own copies that select pods by a label whose value is another one after each roll-out; one finding.

    WorkloadEntries have the labels of the selector, so that the Service picks them beside its pods (design §3). When a
    controller gives it another value it picks them no longer, until the cluster is imported and built again.
    """
    for item in context.calls.imports:
        labels = sorted(OF_A_REVISION & item.local.selector.keys()) if item.local is not None else []
        if item.local is None or not labels:
            continue
        yield Finding(
            message=f"`{item.host}` fails over from cluster `{item.consumer}` until its next roll-out only: its "
            f"Service there selects pods of one revision, by `{labels[0]}`",
            span=item.local.span("selector"),
            help="Expose a Service without that label, or import and build in every roll-out.",
            object=item.object,
            cause=Cause(
                f"{NAMES} fail over until their next roll-out only: their Services select pods of one revision",
                f"fleet/{context.relations.fleet.name}",
                f"`{item.host}`",
                f"`{item.service.name}` in `{item.consumer}`, by `{labels[0]}`",
            ),
        )


RULES = (
    Rule("MG342", "error", "a local copy cannot take remote endpoints", "0.1", copy_cannot_take_entries),
    Rule("MG344", "warning", "a port that only some copies have", "0.1", port_of_some_copies),
    Rule("MG345", "error", "one port name with two numbers", "0.1", port_name_with_two_numbers),
    Rule("MG346", "warning", "one port number with two names", "0.1", port_number_with_two_names),
    Rule("MG347", "warning", "copies declare different protocols", "0.1", protocol_differs),
    Rule("MG348", "error", "copies without a common port", "0.1", no_common_port),
    Rule("MG349", "error", "a port name that is too long", "0.1", port_name_too_long),
    Rule("MG353", "error", "internalTrafficPolicy Local hides remote endpoints", "0.1", internal_traffic_policy),
    Rule("MG382", "error", "one copy encrypts, the other does not", "0.1", one_copy_encrypts),
    Rule("MG409", "warning", "failover until the next roll-out only", "0.1", selects_one_revision),
)
