"""What the zones of published hosts need: objects for controllers in clusters, files for everybody else.

All of it is rendered by the zone's provider (`meshgen/dns`); a new one needs no line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meshgen.dns import provider, provider_names
from meshgen.emit.artifact import Schema, Stage, dns_file, setup_file
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.reasons import Input, Reason
from meshgen.language.base import ClusterSelector
from meshgen.language.dns import Canary, Zone
from meshgen.language.inventory import ObservedGateway
from meshgen.language.published_host import HealthCheck, PublishedHost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.dns.facts import Kind
    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import Identity, PlannedDnsObject


def _fields(_scope: Scope, planned: PlannedDnsObject) -> dict[str, Any]:
    return {"spec": planned.content.spec}


def _object(kind: Kind) -> ObjectEmitter[PlannedDnsObject]:
    return ObjectEmitter(
        Schema(kind.api_version, kind.kind),
        Stage.GATEWAYS,
        items=lambda scope: (planned for planned in scope.cluster.dns_objects if planned.content.kind is kind),
        name=lambda planned: planned.content.name,
        namespace=lambda _scope, planned: planned.content.namespace,
        annotations=lambda _scope, planned: planned.content.annotations,
        fields=_fields,
        own_reasons=_reasons(kind.reasons),
    )


def _reasons(texts: Mapping[str, str]) -> Reasons:
    return {path: Reason(text) for path, text in texts.items()}


@dataclass(frozen=True, slots=True)
class SetupEmitter:
    """Writes what people apply in, or for, a cluster before a provider's controller can keep its zones."""

    provider: str
    reasons: Reasons

    def identities(self, _scope: Scope) -> Iterator[Identity]:
        return iter(())

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        for planned in scope.cluster.dns_setup:
            if planned.provider == self.provider:
                yield setup_file(scope.cluster.cluster, planned.content.name, planned.content.content, planned.origin)


@dataclass(frozen=True, slots=True)
class FilesEmitter:
    """Writes files of the whole fleet, together with its first cluster."""

    provider: str
    """Empty: the plan itself."""
    reasons: Reasons

    def identities(self, _scope: Scope) -> Iterator[Identity]:
        return iter(())

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        dns = scope.plan.dns
        if dns is None or scope.cluster is not scope.plan.clusters[0]:
            return
        for planned in dns.files:
            if planned.provider == self.provider:
                directory = f"{self.provider}/" if self.provider else ""
                yield dns_file(f"{directory}{planned.content.name}", planned.content.content, planned.origin)


_PROVIDERS = tuple(map(provider, provider_names()))
DNS_OBJECTS = tuple(_object(kind) for each in _PROVIDERS for kind in each.kinds)
DNS_SETUP = tuple(SetupEmitter(each.name, _reasons(each.setup_reasons)) for each in _PROVIDERS if each.setup_reasons)
DNS_FILES = tuple(FilesEmitter(each.name, _reasons(each.file_reasons)) for each in _PROVIDERS if each.file_reasons)
DNS_PLAN = FilesEmitter(
    "",
    {
        "version": Reason("of the plan's form; its schema is published"),
        "zones [] name": Reason("the zone", (Input(Zone, "name"),)),
        "zones [] provider": Reason("what keeps it", (Input(Zone, "provider"),), "nothing: somebody does"),
        "zones [] records [] host": Reason(
            "the published host", (Input(PublishedHost, "host"), Input(PublishedHost, "name"))
        ),
        "zones [] records [] ttl": Reason("how long clients may keep an answer", (Input(Zone, "ttl"),), "a minute"),
        "zones [] records [] steering": Reason(
            "how DNS chooses", (Input(PublishedHost, "entry_points.mode"),), "all entry points together"
        ),
        "zones [] records [] pools": Reason(
            "entry points that are answered together, first to last", (Input(PublishedHost, "entry_points"),)
        ),
        "zones [] records [] pools [] members [] addresses": Reason(
            "what the gateway is reached at", (Input(ObservedGateway, "addresses"),)
        ),
        "zones [] records [] pools [] members [] hostname": Reason(
            "what the gateway is reached at", (Input(ObservedGateway, "hostname"),)
        ),
        "zones [] records [] pools [] members [] weight": Reason(
            "its share of the pool", (Input(PublishedHost, "entry_points.weights"),), "the same for all"
        ),
        "zones [] records [] pools [] members [] state": Reason(
            "what drains is answered no longer", (Input(PublishedHost, "draining"), Input(ClusterSelector, "names"))
        ),
        "zones [] records [] pools [] members [] originName": Reason(
            "a name of its own, for a CDN", (Input(Zone, "origin_names"),)
        ),
        "zones [] records [] lastResort": Reason("answered when all are dead, since a probe may be wrong (ADR 33)"),
        "zones [] records [] probe": Reason(
            "what a GSLB asks each entry point", (Input(PublishedHost, "health_check"), Input(HealthCheck, "host"))
        ),
        "zones [] probes": Reason(
            "names of health checks, each with the entry points that answer for it",
            (Input(HealthCheck, "host"), Input(Canary, "host")),
        ),
    },
)
