"""What changed in a cluster since its inventory was written, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.facts import SECTIONS, key_of
from meshgen.inventory.render import inline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.diagnostics import Span
    from meshgen.inventory.facts import Item, Key
    from meshgen.inventory.file import InventoryFile

_KINDS = {
    "namespaces": "namespace",
    "services": "Service",
    "gateways": "gateway",
    "destinationRules": "DestinationRule",
    "virtualServices": "VirtualService",
    "serviceEntries": "ServiceEntry",
    "sidecars": "Sidecar",
    "peerAuthentications": "PeerAuthentication",
    "istioGateways": "Gateway",
}
_LONGEST_VALUE = 60
_NOTHING: dict[str, Any] = {}


def drift(cluster: str, old: InventoryFile, new: Mapping[str, Any], *, used: bool) -> list[Diagnostic]:
    """One finding for each item of `new`, the `spec` as it would be now, that `old` lacks (MG750) or has otherwise
    (MG752), and for each that is gone (MG751); of a namespace that came or went one for all that is in it.

    `used`: whether the fleet uses something that is gone, so that it is taken away only on demand.
    """
    pulled = f"meshgen inventory pull --cluster {cluster}"
    take = f"`{pulled}` writes it down; then build."
    if used:
        take = f"`{pulled} --allow-removal` writes it down, also where the fleet uses what is gone; then build."
    found: list[Diagnostic] = []
    known = old.spec

    def add(code: str, message: str, span: Span | None, name: str) -> None:
        found.append(diagnose(code, message, span, take, object=f"{cluster}/{name}" if name else f"cluster/{cluster}"))

    top = _place(old, ())
    for name, before, after in _changes({"ipFamilies": known.get("ipFamilies")}, {"ipFamilies": new.get("ipFamilies")}):
        add(
            "MG752",
            f"`{cluster}` is not what its inventory says: {_said(name, before, after)}",
            _place(old, (name,)),
            "",
        )
    for name, before, after in _changes(known.get("istio") or _NOTHING, new.get("istio") or _NOTHING):
        place = _place(old, ("istio", name)) if before is not None else _place(old, ("istio",))
        add("MG752", f"the mesh of `{cluster}` is not what its inventory says: {_said(name, before, after)}", place, "")
    whole = {change: {key[1] for key in keys} for change, keys in _groups(known, new, "namespaces").items()}
    for section in SECTIONS:
        groups = _groups(known, new, section)
        after = {key_of(item): item for item in new.get(section) or []}
        before = {key_of(item): item for item in known.get(section) or []}
        for key in groups["added"]:
            if section == "namespaces" or key[0] not in whole["added"]:
                item, place = _named(section, key, after[key]), _place(old, (section,)) or top
                add("MG750", f"`{cluster}` has {item}, which its inventory does not have", place, _object(key))
        for key in groups["removed"]:
            if section == "namespaces" or key[0] not in whole["removed"]:
                item, place = _named(section, key, before[key]), _place_of(old, section, key)
                add("MG751", f"`{cluster}` no longer has {item}", place, _object(key))
        for key in groups["changed"]:
            said = "; ".join(_said(*change) for change in _changes(before[key], after[key]))
            item, place = _named(section, key, after[key]), _place_of(old, section, key)
            add("MG752", f"{item} of `{cluster}` is not what the inventory says: {said}", place, _object(key))
    return found


def _groups(known: Mapping[str, Any], new: Mapping[str, Any], section: str) -> dict[str, list[Key]]:
    before = {key_of(item): item for item in known.get(section) or []}
    after = {key_of(item): item for item in new.get(section) or []}
    return {
        "added": [key for key in after if key not in before],
        "removed": [key for key in before if key not in after],
        "changed": [key for key, item in after.items() if key in before and before[key] != item],
    }


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _said(name: str, before: Any, after: Any) -> str:
    """What changed of one field; of long lists the items that came and went."""
    if isinstance(before, list) and isinstance(after, list):
        gone = [item for item in before if item not in after]
        new = [item for item in after if item not in before]
        parts = [f"lost {_short(gone)}"] if gone else []
        parts += [f"got {_short(new)}"] if new else []
        return f"`{name}` {' and '.join(parts)}" if parts else f"`{name}` has another order"
    if before is None:
        return f"`{name}` is now {_short(after)}"
    return f"`{name}` was {_short(before)} and is now {_short(after)}" if after is not None else f"`{name}` is gone"


def _short(value: Any) -> str:
    text = inline(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _named(section: str, key: Key, item: Item) -> str:
    namespace, name, _ = key
    kind = item.get("kind") or _KINDS[section]
    return f"the {kind} `{namespace}/{name}`" if namespace else f"the {kind} `{name}`"


def _object(key: Key) -> str:
    return "/".join(part for part in key[:2] if part)


def _place(old: InventoryFile, path: tuple[str, ...]) -> Span | None:
    """Where the key of a field of the `spec` stands; the name of the inventory where there is none."""
    node = old.root.find(["spec"])
    span = old.root.find(["metadata", "name"]).span
    for step in path:
        if node.entries is None or step not in node.entries:
            return span
        span, node = node.entries[step]
    return span


def _place_of(old: InventoryFile, section: str, key: Key) -> Span | None:
    for item in old.root.find(["spec", section]).items or ():
        fields: Item = {
            name: item.find([name]).value for name in ("namespace", "name", "kind") if name in (item.entries or {})
        }
        if key_of(fields) == key:
            return item.find(["name"]).span
    return _place(old, (section,))
