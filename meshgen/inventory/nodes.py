"""Nodes, and which families of IP addresses a cluster has."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.inventory.objects import KubernetesObject


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster."""

    labels: dict[str, str]
    addresses: tuple[str, ...]
    """Its external IP addresses, the only ones that istiod gives to a NodePort Service (controller/controller.go)."""


def nodes_in(objects: Iterable[KubernetesObject]) -> list[Node]:
    """The nodes among `objects`."""
    return [
        Node(
            item.fields.at("metadata").labels("labels"),
            tuple(
                entry.text("address") or ""
                for entry in item.fields.at("status").items("addresses")
                if entry.text("type") == "ExternalIP"
            ),
        )
        for item in objects
        if item.kind == "Node"
    ]


def families_in(objects: Iterable[KubernetesObject]) -> list[str]:
    """The families of addresses that Nodes' pod ranges, Pods and Services of `objects` show, sorted."""
    return sorted({family for item in objects for family in _families(item)})


def _families(item: KubernetesObject) -> Iterator[str]:
    if item.kind == "Service":
        yield from (name for name in item.fields.at("spec").texts("ipFamilies") or [] if name in {"IPv4", "IPv6"})
        return
    if item.kind == "Node":
        spec = item.fields.at("spec")
        addresses = spec.texts("podCIDRs") or [spec.text("podCIDR") or ""]
    elif item.kind == "Pod":
        addresses = [entry.text("ip") or "" for entry in item.fields.at("status").items("podIPs")]
    else:
        return
    for text in addresses:
        try:
            yield f"IPv{ip_interface(text).version}"
        except ValueError:
            continue
