"""An object as the API server holds it against the same as emitted: the fields that we write, and who changed them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_QUANTITY = re.compile(r"(?P<number>[0-9.]+)(?P<unit>m|k|[KMGTPE]i?)?")
_UNITS = {"m": Decimal("0.001"), "k": Decimal(1000)} | {
    f"{unit}{binary}": Decimal(1024 if binary else 1000) ** power
    for power, unit in enumerate("KMGTPE", start=1)
    for binary in ("", "i")
}
_NAMED = "name"
"""What tells the elements of lists of Kubernetes' own kinds that others may add to: containers, ports, variables."""
_WORD = re.compile(r"[A-Za-z0-9_]+")
_LONGEST = 60


class Difference(NamedTuple):
    """A field that says something else than emitted."""

    path: tuple[str | int, ...]
    wanted: Any
    """None: it is not emitted."""
    found: Any
    """None: it is not there."""

    @property
    def field(self) -> str:
        """`spec.endpoints[0].address`."""
        return "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" if _WORD.fullmatch(part) else f"[{part!r}]"
            for part in self.path
        ).lstrip(".")

    @property
    def said(self) -> str:
        """One phrase."""
        if self.found is None:
            return f"`{self.field}` is not there"
        if self.wanted is None:
            return f"`{self.field}` is there, and not emitted"
        if isinstance(self.wanted, dict | list) or isinstance(self.found, dict | list):
            return f"`{self.field}` is another"
        return f"`{self.field}` is `{_short(self.found)}`, not `{_short(self.wanted)}`"


def differences(
    wanted: Mapping[str, Any], found: Mapping[str, Any], *, own_kind: bool, whole: bool = False
) -> list[Difference]:
    """The fields of `wanted` that `found` lacks or has otherwise, in the order of `wanted`.

    What `found` has besides is somebody else's: defaults, status, fields of controllers. `own_kind`: it is a kind of
    Kubernetes' own, whose lists of named things others may add to and which drops what is empty; lists of custom
    resources are one value (no `x-kubernetes-list-type` in the CRDs of Istio). `whole`: nobody adds anything to the
    `spec` of its kind (no defaults in the CRDs of Istio), so what it has besides was written by hand.
    """
    more = _more(("spec",), wanted.get("spec"), found.get("spec")) if whole else ()
    return [*_in_mapping((), wanted, found, own_kind=own_kind), *more]


def _more(path: tuple[str | int, ...], wanted: Any, found: Any) -> Iterator[Difference]:
    """What stands in `found` and not in `wanted`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in found.items():
            if key in wanted:
                yield from _more((*path, key), wanted[key], value)
            elif value not in (None, "", {}, []):
                yield Difference((*path, key), None, value)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for place, (each, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _more((*path, place), each, other)


def _in_mapping(
    path: tuple[str | int, ...], wanted: Mapping[str, Any], found: Mapping[str, Any], *, own_kind: bool
) -> Iterator[Difference]:
    for key, value in wanted.items():
        if key in found:
            yield from _in_value((*path, key), value, found[key], own_kind=own_kind)
        elif value or (not own_kind and not isinstance(value, dict | list)):
            yield Difference((*path, key), value, None)


def _in_value(path: tuple[str | int, ...], wanted: Any, found: Any, *, own_kind: bool) -> Iterator[Difference]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        yield from _in_mapping(path, wanted, found, own_kind=own_kind)
    elif isinstance(wanted, list) and isinstance(found, list):
        yield from _in_list(path, wanted, found, own_kind=own_kind)
    elif not _same(path, wanted, found):
        yield Difference(path, wanted, found)


def _in_list(
    path: tuple[str | int, ...], wanted: Sequence[Any], found: Sequence[Any], *, own_kind: bool
) -> Iterator[Difference]:
    if own_kind and all(isinstance(each, dict) and _NAMED in each for each in (*wanted, *found)):
        known = {each[_NAMED]: each for each in found}
        for place, each in enumerate(wanted):
            if each[_NAMED] in known:
                yield from _in_value((*path, place), each, known[each[_NAMED]], own_kind=own_kind)
            else:
                yield Difference((*path, place), each, None)
    elif len(wanted) != len(found):
        yield Difference(path, wanted, found)
    else:
        for place, (each, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _in_value((*path, place), each, other, own_kind=own_kind)


def _same(path: tuple[str | int, ...], wanted: Any, found: Any) -> bool:
    if wanted == found and isinstance(wanted, bool) == isinstance(found, bool):
        return True
    return "resources" in path and (quantity := _quantity(wanted)) is not None and quantity == _quantity(found)


def _quantity(value: Any) -> Decimal | None:
    """The amount of a Kubernetes quantity, which the API server writes anew: `1000m` is `1`."""
    match = _QUANTITY.fullmatch(str(value))
    return None if match is None else Decimal(match["number"]) * _UNITS.get(match["unit"] or "", Decimal(1))


def changed_by(found: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """Who wrote a field last, as `managedFields` names it; empty where that is not said.

    Keys of lists are selectors there: then who owns the list.
    """
    best: tuple[int, str, str] = (0, "", "")
    for entry in (found.get("metadata") or {}).get("managedFields") or []:
        fields, depth = entry.get("fieldsV1") or {}, 0
        for part in path:
            if not isinstance(part, str) or f"f:{part}" not in fields:
                break
            fields, depth = fields[f"f:{part}"] or {}, depth + 1
        best = max(best, (depth, str(entry.get("time", "")), str(entry.get("manager", ""))))
    return best[2] if best[0] else ""


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
