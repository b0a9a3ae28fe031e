"""Every emitter. Whatever has to know all kinds (names that are taken, the order of a sync) asks here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit import canary, gate
from meshgen.emit.alias import ALIAS
from meshgen.emit.certificate import CERTIFICATE
from meshgen.emit.delivery import delivery_emitters
from meshgen.emit.destination_rule import DESTINATION_RULE
from meshgen.emit.dns import DNS_FILES, DNS_OBJECTS, DNS_PLAN, DNS_SETUP
from meshgen.emit.mesh_config import MESH_CONFIG
from meshgen.emit.namespace import NAMESPACE
from meshgen.emit.platforms import istio, tsb, tse
from meshgen.emit.remote_gateway import REMOTE_GATEWAY
from meshgen.emit.service_entry import SERVICE_ENTRY
from meshgen.emit.stub_service import STUB_SERVICE
from meshgen.emit.virtual_service import VIRTUAL_SERVICE
from meshgen.emit.workload_entry import WORKLOAD_ENTRY

if TYPE_CHECKING:
    from meshgen.emit.emitter import Emitter

EVERYWHERE: tuple[Emitter, ...] = (
    NAMESPACE,
    CERTIFICATE,
    REMOTE_GATEWAY,
    SERVICE_ENTRY,
    STUB_SERVICE,
    WORKLOAD_ENTRY,
    ALIAS,
    DESTINATION_RULE,
    VIRTUAL_SERVICE,
    MESH_CONFIG,
    *DNS_OBJECTS,
    *DNS_SETUP,
    DNS_PLAN,
    *DNS_FILES,
    *canary.EMITTERS,
    gate.ACCOUNT,
    gate.CALLS,
)
OF_PLATFORM: dict[str, tuple[Emitter, ...]] = {"istio": istio.EMITTERS, "tsb": tsb.EMITTERS, "tse": tse.EMITTERS}


def _asked_for(platform: str) -> tuple[Emitter, ...]:
    return (*OF_PLATFORM[platform], *EVERYWHERE)


GATE = gate.JobEmitter(_asked_for)


def _of_clusters(platform: str) -> tuple[Emitter, ...]:
    """Everything that writes something for a cluster of that platform."""
    return (*_asked_for(platform), GATE)


DELIVERY = delivery_emitters(_of_clusters)
"""What writes for the engine that brings all of that into the clusters."""


def emitters(platform: str) -> tuple[Emitter, ...]:
    """Everything that writes something for a fleet of that platform."""
    return (*_of_clusters(platform), *DELIVERY)
