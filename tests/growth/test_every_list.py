"""Every list of the language is among those whose growth is measured, or said to be short."""

from __future__ import annotations

import json
from inspect import get_annotations
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from meshgen.language.typed import MODELS
from tests.growth.fleets import LISTS, SMALL

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    "ObservedDestinationRule.exportTo": _LOOKED_UP,
    "ObservedDestinationRule.failoverPriority": "the labels of a locality and a network",
    "ObservedGateway.ports": "the ports of one Service, as `ports`",
    "ObservedIstio.defaultDestinationRuleExportTo": _LOOKED_UP,
    "ObservedIstio.defaultServiceExportTo": _LOOKED_UP,
    "ObservedIstio.defaultVirtualServiceExportTo": _LOOKED_UP,
    "ObservedIstio.injectionRevisions": _LOOKED_UP,
    "ObservedIstio.rootCertificates": "one, or two while one takes the place of the other",
    "ObservedPeerAuthentication.disabledPorts": _LOOKED_UP,
    "ObservedPeerAuthentication.enabledPorts": _LOOKED_UP,
    "ObservedPortPolicy.failoverPriority": "the labels of a locality and a network",
    "ObservedService.exportTo": _LOOKED_UP,
    "ObservedService.workloads": "kinds, of which there are few",
    "ObservedServiceEntry.exportTo": _LOOKED_UP,
    "ObservedVirtualService.exportTo": _LOOKED_UP,
    "ObservedVirtualService.gateways": _LOOKED_UP,
    "Retries.idempotentRequests": _WRITTEN,
    "ServiceEntryVisibility.policies": "the first that fits decides, for one namespace",
    "ServicePort.containerPorts": _LOOKED_UP,
    "VisibilityPolicy.namespaceSelectors": "all have to hold, for one namespace",
}
"""Lists that are not tried, by model and field, and why."""


def lists(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """Every list that people may write below `model`, by model and field; those of a few words are none."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        for annotation in _parts(field.annotation):
            if get_origin(annotation) is list and get_origin(get_args(annotation)[0]) is not Literal:
                yield _called(model, name)
        for inner in _models(field.annotation):
            yield from lists(inner, seen)


def _called(model: type[BaseModel], name: str) -> str:
    """A field by the model that declares it."""
    declares = next(each for each in reversed(model.__mro__) if name in get_annotations(each))
    return f"{declares.__name__}.{model.model_fields[name].alias or name}"


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, without what is optional or only annotated."""
    if get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    elif get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    else:
        yield annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for part in _parts(annotation):
        if isinstance(part, type) and get_origin(part) is None and issubclass(part, BaseModel):
            yield part
        for inner in get_args(part) if get_origin(part) in (list, dict) else ():
            yield from _models(inner)


def grown(model: type[BaseModel], data: Any) -> Iterator[str]:
    """The lists of `data` that are long."""
    for name, field in model.model_fields.items():
        value = data.get(field.alias or name) if isinstance(data, dict) else None
        if isinstance(value, list) and len(value) >= LONG:
            yield _called(model, name)
        for item in value if isinstance(value, list) else [value]:
            for inner in _models(field.annotation):
                yield from grown(inner, item)


def test_every_list_of_the_language_is_tried_or_said_to_be_short() -> None:
    seen: set[type[BaseModel]] = set()
    known = {name for model in MODELS.values() for name in lists(model, seen)}
    tried: set[str] = set()
    for text in (make(SMALL) for make in LISTS.values()):
        for document in map(json.loads, text.split("\n---\n")):
            tried.update(grown(MODELS[document["kind"]], document["spec"]))
    untried = known - tried
    assert sorted(untried) == sorted(SHORT), "add a fleet with the list to LISTS, or say in SHORT why there is none"
