"""What the gate of a cluster asks: the hosts that the plan says its callers reach, and who may answer."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from meshgen.analysis.addresses import parse
from meshgen.analysis.protocols import HTTP_FAMILY, protocol_of
from meshgen.calls.imports import export_to
from meshgen.language.base import milliseconds
from meshgen.plan.gateways import spans
from meshgen.plan.model import AskedHost, Origin, PlannedGate
from meshgen.plan.reach import Reaches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.calls import Call, Calls

_LAST = float("inf")


class Gates:
    """The gates of a fleet's clusters."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._relations = calls.relations
        self._reaches = Reaches(calls)
        delivery = calls.relations.fleet.spec.delivery
        self._gate = None if delivery is None else delivery.gate

    def planned(self, cluster: str) -> PlannedGate | None:
        """That of a cluster; None: the fleet wants none, or the cluster calls nothing that may be asked."""
        gate = self._gate
        if gate is None or (hosts := tuple(sorted(self._hosts(cluster)))) == ():
            return None
        return PlannedGate(
            namespace=gate.namespace,
            image=gate.image,
            timeout=ceil(milliseconds(gate.timeout) / 1000),
            revision=self._relations.facts[cluster].revision,
            hosts=hosts,
            gateways=self._gateways(cluster, hosts),
            origin=Origin("delivery", spans(gate.span())),
        )

    def _hosts(self, cluster: str) -> Iterator[AskedHost]:
        """What somebody answers even if later waves know nothing of this change yet.

        A host whose every source comes later may be new there, and would keep the wave waiting for them.
        """
        for host, reach in self._reaches.of(cluster):
            call = self._calls.of(cluster)[host]
            if not self._sees(cluster, call):
                continue
            in_time = [name for name in reach.clusters if self._wave(name) <= self._wave(cluster)]
            if not reach.own and not in_time:
                continue
            for port in call.imports[0].ports if call.imports else ():
                if port.port in reach.ports:
                    http = protocol_of(port) in {*HTTP_FAMILY, None}
                    own = reach.own or any(source.reach.by_name for source in call.sources)
                    yield AskedHost(host, port.port, http, own, tuple(sorted(reach.clusters)))

    def _sees(self, cluster: str, call: Call) -> bool:
        """Whether the host is for all namespaces, and so for the gate's."""
        default = self._relations.facts[cluster].service_export
        everybody = call.local is None or "*" in (call.local.export_to or default)
        return everybody and all("*" in export_to(item.sources) for item in call.imports)

    def _wave(self, cluster: str) -> float:
        wave = self._relations.cluster(cluster).wave
        return _LAST if wave is None else wave

    def _gateways(self, cluster: str, hosts: tuple[AskedHost, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found: dict[str, set[str]] = {}
        for host in {asked.host for asked in hosts}:
            for source in self._calls.of(cluster)[host].sources:
                found.setdefault(source.cluster, set()).update(str(parse(at) or at) for at in source.reach.addresses)
        return tuple((name, tuple(sorted(found[name]))) for name in sorted(found) if found[name])
