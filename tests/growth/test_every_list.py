"""Every list of the language is among those whose growth is measured, or said to be short."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from meshgen.language.kinds import MODELS
from tests.growth.fleets import LISTS, SMALL
from tests.walk import called, models, parts, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

LONG = 32
"""Items that make a list a long one."""
_DOCUMENTS = "items are documents here"
_LOOKED_UP = "read once, where somebody asks for one of its items"
_WRITTEN = "written as it is, and compared with nothing"
SHORT = {
    "Advertised.addresses": "the same as `addresses` of a gateway",
    "Cluster.zones": _LOOKED_UP,
    "Cors.allowHeaders": _WRITTEN,
    "Cors.allowOrigins": _WRITTEN,
    "Cors.exposeHeaders": _WRITTEN,
    "FleetSpec.clusters": _DOCUMENTS,
    "FleetSpec.publishedHosts": _DOCUMENTS,
    "FleetSpec.workspaces": _DOCUMENTS,
    "GatewayOverride.loadBalancerSourceRanges": "the same as a gateway's own",
    "LabelRequirement.values": _LOOKED_UP,
    "LabelSelector.matchExpressions": "all have to hold, like `matchLabels`",
    "ObservedEgress.hosts": "the same as `egressHosts`",
    "ObservedDestinationRule.exportTo": _LOOKED_UP,
    "ObservedDestinationRule.failoverPriority": "the labels of a locality and a network",
    "ObservedGateway.ports": "the ports of one Service, as `ports`",
    "ObservedIstio.defaultDestinationRuleExportTo": _LOOKED_UP,
    "ObservedIstio.defaultServiceExportTo": _LOOKED_UP,
    "ObservedIstio.defaultVirtualServiceExportTo": _LOOKED_UP,
    "ObservedIstio.injectionRevisions": _LOOKED_UP,
    "ObservedIstio.rootCertificates": "one, or two while one takes the place of the other",
    "ObservedIstio.trustDomainAliases": _LOOKED_UP,
    "ObservedOutbound.excludedIPRanges": "each compared with one range",
    "ObservedOutbound.excludedPorts": _LOOKED_UP,
    "ObservedOutbound.ipRanges": "each compared with one range",
    "ObservedOutbound.ports": _LOOKED_UP,
    "ObservedPeerAuthentication.disabledPorts": _LOOKED_UP,
    "ObservedPeerAuthentication.enabledPorts": _LOOKED_UP,
    "ObservedPortPolicy.failoverPriority": "the labels of a locality and a network",
    "ObservedSidecar.egressPorts": "one for each port of a namespace's calls",
    "ObservedService.exportTo": _LOOKED_UP,
    "ObservedService.workloads": "kinds, of which there are few",
    "ObservedServiceEntry.exportTo": _LOOKED_UP,
    "ObservedVirtualService.destinations": "each looked up once",
    "ObservedVirtualService.exportTo": _LOOKED_UP,
    "ObservedVirtualService.gateways": _LOOKED_UP,
    "Retries.idempotentRequests": _WRITTEN,
    "ServiceEntryVisibility.policies": "the first that fits decides, for one namespace",
    "ServicePort.containerPorts": _LOOKED_UP,
    "VisibilityPolicy.namespaceSelectors": "all have to hold, for one namespace",
}
"""Lists that are not tried, by model and field, and why."""


def is_list(annotation: Any) -> bool:
    """Whether people write a list there; one of a few words is none."""
    return any(get_origin(part) is list and get_origin(get_args(part)[0]) is not Literal for part in parts(annotation))


def grown(model: type[BaseModel], data: Any) -> Iterator[str]:
    """The lists of `data` that are long."""
    for name, field in model.model_fields.items():
        value = data.get(field.alias or name) if isinstance(data, dict) else None
        if isinstance(value, list) and len(value) >= LONG:
            yield called(model, name)
        for item in value if isinstance(value, list) else [value]:
            for inner in models(field.annotation):
                yield from grown(inner, item)


def test_every_list_of_the_language_is_tried_or_said_to_be_short() -> None:
    known = {name for name, annotation in written() if is_list(annotation)}
    tried: set[str] = set()
    for text in (make(SMALL) for make in LISTS.values()):
        for document in map(json.loads, text.split("\n---\n")):
            tried.update(grown(MODELS[document["kind"]], document["spec"]))
    untried = known - tried
    assert sorted(untried) == sorted(SHORT), "add a fleet with the list to LISTS, or say in SHORT why there is none"
