"""What an import did, in a few lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.diagnostics.several import begun
from meshgen.inventory.facts import SECTIONS, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meshgen.inventory.facts import Facts, Item, Key


_SHOWN = 5


def input_summary(facts: Facts, left_out: Sequence[str] = ()) -> str:
    """What was read and what was skipped; `left_out`: the files that have no object at all."""
    lines = [f"read {_counts(facts.read)}"]
    if facts.managed:
        lines.append(f"skipped {facts.managed} of them, written by meshgen or Tetrate (gateway addresses were taken)")
    if facts.unknown:
        lines.append(f"skipped {_counts(facts.unknown)}: the inventory does not need them")
    if facts.without_mesh_config is not None:
        lines.append(
            "the configuration of the mesh was not among them: "
            f"`kubectl get configmap istio -n {facts.without_mesh_config} -o yaml` has it"
        )
    if left_out:
        count = f"{len(left_out)} file{'' if len(left_out) == 1 else 's'}"
        lines.append(f"skipped {count} without Kubernetes objects: {begun(left_out, _SHOWN)}")
    return "\n".join(lines)


def change_summary(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Items added, changed and removed, list by list; empty where nothing changed."""
    lines = []
    if (old.get("ipFamilies") or []) != (new.get("ipFamilies") or []):
        lines.append("ipFamilies: changed")
    if (old.get("istio") or {}) != (new.get("istio") or {}):
        lines.append("istio: changed")
    for section in SECTIONS:
        before = {key_of(item): item for item in old.get(section) or []}
        after = {key_of(item): item for item in new.get(section) or []}
        groups = {
            "added": [key for key in after if key not in before],
            "changed": [key for key, item in after.items() if key in before and before[key] != item],
            "removed": [key for key in before if key not in after],
        }
        parts = [f"{len(keys)} {what}" for what, keys in groups.items() if keys and what != "removed"]
        if groups["removed"]:
            names = ", ".join("/".join(part for part in key[:2] if part) for key in sorted(groups["removed"]))
            parts.append(f"{len(groups['removed'])} removed ({names})")
        if section == "gateways":
            parts += _addresses_gone(before, after)
        if parts:
            lines.append(f"{section}: {', '.join(parts)}")
    return "\n".join(lines)


def _addresses_gone(before: Mapping[Key, Item], after: Mapping[Key, Item]) -> list[str]:
    found = []
    for key, item in after.items():
        kept = item.get("addresses") or []
        gone = [address for address in before.get(key, {}).get("addresses") or [] if address not in kept]
        if gone:
            found.append(f"{key[0]}/{key[1]} no longer has {', '.join(gone)}")
    return found


def _counts(kinds: Mapping[str, int]) -> str:
    total = sum(kinds.values())
    shown = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{total} object{'' if total == 1 else 's'}" + (f" ({shown})" if shown else "")
