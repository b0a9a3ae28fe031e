"""What Istio's injector does where pods do not say so themselves, and which connections sidecars take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.analysis.namespace_labels import matches
from meshgen.inventory.fields import Fields
from meshgen.inventory.mesh_config import label_selector
from meshgen.language.mesh import LabelSelector
from meshgen.load.json_text import read_json
from meshgen.load.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject

CONFIG_MAP = "istio-sidecar-injector"
_ALL = "*"
_ANNOTATION = "traffic.sidecar.istio.io/"
_MODE = "sidecar.istio.io/interceptionMode"
_OUTBOUND = {
    "includeIPRanges": "ipRanges",
    "excludeIPRanges": "excludedIPRanges",
    "includeOutboundPorts": "ports",
    "excludeOutboundPorts": "excludedPorts",
}
"""Values below `global.proxy` → the fields of the inventory's `outbound`."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """The ports of a pod of which its sidecar takes what comes in."""

    included: frozenset[str] | None = None
    """None: all but those that are excluded."""
    excluded: frozenset[str] = frozenset()

    def takes(self, port: int) -> bool:
        """Exclusions count only where all is included (tools/istio-iptables/pkg/capture/run.go)."""
        return str(port) in self.included if self.included is not None else str(port) not in self.excluded


@dataclass(frozen=True, slots=True)
class SidecarDefaults:
    """What holds for the pods of a cluster that say nothing themselves."""

    included: str = _ALL
    excluded: str = ""
    injects: bool = True
    """Whether pods without a wish get a sidecar once the webhook is asked (`policy`)."""
    never: tuple[LabelSelector, ...] = ()
    always: tuple[LabelSelector, ...] = ()

    def injected(self, labels: Mapping[str, str]) -> bool:
        """Whether a pod of these labels gets one that says nothing (injectRequired, pkg/kube/inject/inject.go)."""
        if any(matches(selector, labels) for selector in self.never):
            return False
        return self.injects or any(matches(selector, labels) for selector in self.always)

    def inbound(self, pod: Fields) -> Inbound:
        """What the sidecars of a pod template take; annotations come before the values of the mesh."""
        annotations = pod.at("metadata", "annotations")
        if annotations.text(_MODE) == "NONE":
            return Inbound(included=frozenset())
        included = annotations.text(f"{_ANNOTATION}includeInboundPorts")
        excluded = annotations.text(f"{_ANNOTATION}excludeInboundPorts")
        included = self.included if included is None else included
        return Inbound(
            None if included.strip() == _ALL else frozenset(_parts(included)),
            frozenset(_parts(self.excluded if excluded is None else excluded)),
        )


def sidecar_defaults(objects: Iterable[KubernetesObject]) -> SidecarDefaults:
    """What the injector's ConfigMap among `objects` says; Istio's defaults where there is none, or several differ."""
    found = [_defaults(item) for item in objects if is_injector_config(item)]
    return found[0] if found and all(each == found[0] for each in found) else SidecarDefaults()


def is_injector_config(item: KubernetesObject) -> bool:
    """Whether it is the ConfigMap that an istiod reads the configuration of its injector from."""
    if item.kind != "ConfigMap" or "values" not in item.fields.at("data").keys():  # noqa: SIM118 - not a mapping
        return False
    return item.name in {CONFIG_MAP, f"{CONFIG_MAP}-{item.fields.at('metadata').labels('labels').get('istio.io/rev')}"}


def outbound(item: KubernetesObject) -> Item | None:
    """Which calls the sidecars take by the injector's values, as the inventory has it; None where they take all."""
    proxy = _document(item, "values").at("global", "proxy")
    found: Item = {}
    for value, name in _OUTBOUND.items():
        text = proxy.text(value)
        if text is None or (value == "includeIPRanges" and text.strip() == _ALL):
            continue
        if text or value == "includeIPRanges":
            parts = _parts(text)
            found[name] = [int(part) for part in parts if part.isdecimal()] if name.lower().endswith("ports") else parts
    return found if found.keys() - {"ports"} else None


def _defaults(item: KubernetesObject) -> SidecarDefaults:
    proxy = _document(item, "values").at("global", "proxy")
    config = _document(item, "config")
    included = proxy.text("includeInboundPorts")
    never, always = (
        tuple(LabelSelector.model_validate(label_selector(each)) for each in config.items(f"{which}InjectSelector"))
        for which in ("never", "always")
    )
    return SidecarDefaults(
        _ALL if included is None else included,
        proxy.text("excludeInboundPorts") or "",
        config.text("policy") != "disabled",
        never,
        always,
    )


def _document(item: KubernetesObject, key: str) -> Fields:
    """The YAML or JSON under a key of the ConfigMap; what istiod would refuse of it is its own to say."""
    text = item.fields.at("data").text(key) or ""
    documents, _ = read_json(text, key) or ([node for node, _ in parse(text, key, merge_keys=True).documents], [])
    nodes = [node for node in documents if node.entries is not None]
    return Fields(nodes[0], [], key) if nodes else Fields(item.fields.node, [], key).at("absent")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
