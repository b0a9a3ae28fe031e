"""Old inventory and new facts to the inventory that replaces it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.inventory.facts import SECTIONS, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meshgen.inventory.facts import Facts, Item

Spec = dict[str, Any]
"""The `spec` of an Inventory as plain data."""

_KEPT_WHEN_UNKNOWN = ("serviceAccounts", "injected", "workloads")


def merge(old: Mapping[str, Any], facts: Facts, *, replace: bool = False) -> Spec:
    """The `spec` after an import: lists sorted by namespace and name, empty ones left out.

    What `old` has of the namespaces that the import shows whole is replaced, the rest stays; with `replace` all
    is replaced. An announced Service (`arriving`) stays until it is shown, and then has arrived. Of items that
    the import shows again these stay: the state `leaving` of a Service, the addresses of a gateway whose status
    the import does not show, and the places of addresses in their list, because the place names WorkloadEntries.
    Of an import without Services only the lists that it shows are replaced.
    Of a namespace that `old` does not know Services of gateways alone bring their addresses only.
    What the mesh is shown to leave at its default goes from `istio`. Without `replace` gateways that the import does
    not show stay too, and of a Service the facts that the import does not know (`serviceAccounts`, `injected`,
    `workloads`).
    """
    spec: Spec = {}
    families = facts.ip_families or ([] if replace else old.get("ipFamilies") or [])
    if families:
        spec["ipFamilies"] = families
    mesh = {k: v for k, v in (old.get("istio") or {}).items() if not replace or k in facts.unseen_mesh}
    istio = {**{key: value for key, value in mesh.items() if key not in facts.unset}, **facts.istio}
    if istio:
        spec["istio"] = istio
    known = {
        _namespace(section, key_of(item))
        for section in SECTIONS
        if section != "gateways"
        for item in old.get(section) or []
    }
    for section in SECTIONS:
        before = {key_of(item): item for item in old.get(section) or []}
        found = {
            key: fact.item
            for key, fact in facts.sections[section].items()
            if not (facts.gateways_only and section != "gateways" and _namespace(section, key) not in known)
        }
        merged = [
            item
            for key, item in before.items()
            if key not in found
            and (_arrives(item) or (not replace and (_outlives(section, facts) or key[0] not in facts.namespaces)))
        ]
        for key, item in found.items():
            item_after = _item(section, before.get(key), item, replace=replace)
            if item_after is not None:
                merged.append(item_after)
        if merged:
            spec[section] = sorted(merged, key=key_of)
    return spec


def _arrives(item: Item) -> bool:
    """Whether people announced a Service that no manifest can show yet."""
    return item.get("state") == "arriving"


def _outlives(section: str, facts: Facts) -> bool:
    # Namespaces have no namespace; gateways are often written by somebody else than their namespace's manifests.
    return section in {"namespaces", "gateways"} or section in facts.unseen


def _namespace(section: str, key: tuple[str, ...]) -> str:
    return key[1] if section == "namespaces" else key[0]


def _item(section: str, before: Item | None, item: Item, *, replace: bool) -> Item | None:
    if section == "gateways":
        return _gateway(before, item)
    item = dict(item)
    if section == "namespaces":
        if before is not None and "labels" not in item and before.get("labels"):
            item["labels"] = before["labels"]
        elif not item.get("labels"):
            item.pop("labels", None)
    elif section == "services" and before is not None:
        if not replace:
            item |= {key: before[key] for key in _KEPT_WHEN_UNKNOWN if key in before and key not in item}
        if "state" in before and not _arrives(before):
            item["state"] = before["state"]
    return item


def _gateway(before: Item | None, item: Item) -> Item | None:
    has_status = "addresses" in item or "hostname" in item
    if before is None:
        item = {key: value for key, value in item.items() if value or key == "injected"}
        # Of a Service that nobody calls a gateway by more than a port nothing has to be known.
        return item if has_status or item.keys() & {"ports", "networkView"} else None
    merged = {"name": item["name"], "namespace": item["namespace"]}
    addresses = place(before.get("addresses") or [], item.get("addresses") or [])
    hostname = item.get("hostname") if has_status else before.get("hostname")
    view = item.get("networkView", before.get("networkView"))
    autoscaled = item.get("autoscaled", before.get("autoscaled"))
    if addresses:
        merged["addresses"] = addresses
    if hostname is not None:
        merged["hostname"] = hostname
    if "ports" in item:
        merged["ports"] = item["ports"]
    if item.get("externalTrafficPolicy") is not None:
        merged["externalTrafficPolicy"] = item["externalTrafficPolicy"]
    if view is not None:
        merged["networkView"] = view
    if autoscaled:
        merged["autoscaled"] = True
    account = item.get("serviceAccount", before.get("serviceAccount"))
    if account is not None:
        merged["serviceAccount"] = account
    # Who shows the account shows the pods, and so that they have the proxy now.
    injected = item.get("injected", None if "serviceAccount" in item else before.get("injected"))
    if injected is not None:
        merged["injected"] = injected
    return merged


def place(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """`new` in an order in which the addresses that `old` has keep their places; `old` where `new` is empty.

    New addresses fill the places of those that went. Where there are more of the latter, the last addresses move
    up: as few as possible.
    """
    if not new:
        return list(old)
    survivors = set(old) & set(new)
    places: list[str | None] = [address if address in survivors else None for address in dict.fromkeys(old)]
    for address in dict.fromkeys(new):
        if address in survivors:
            continue
        if None in places:
            places[places.index(None)] = address
        else:
            places.append(address)
    while None in places:
        last = places.pop()
        if last is not None:
            places[places.index(None)] = last
    return [address for address in places if address is not None]
