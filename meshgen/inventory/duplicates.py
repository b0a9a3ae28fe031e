"""Objects that the input shows twice: a finding where the inventory would not know which one to believe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, Note, diagnose
from meshgen.diagnostics.several import begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meshgen.inventory.objects import KubernetesObject


def contradictions(
    pairs: Iterable[tuple[KubernetesObject, KubernetesObject]], says: Callable[[KubernetesObject], object]
) -> list[Diagnostic]:
    """MG054 for the objects of which the inventory would hold one thing by the first and another by the second.

    `says`: what the inventory takes of an object. Two files with several such objects, as two variants of one
    application, are one finding.
    """
    found: dict[tuple[str, str], list[tuple[KubernetesObject, KubernetesObject]]] = {}
    for pair in pairs:
        first, second = sorted(pair, key=lambda item: item.fields.node.span)
        if says(first) != says(second):
            found.setdefault((first.place.file, second.place.file), []).append((first, second))
    return [_finding(files, same) for files, same in sorted(found.items())]


def _finding(files: tuple[str, str], pairs: list[tuple[KubernetesObject, KubernetesObject]]) -> Diagnostic:
    pairs.sort(key=lambda pair: pair[1].place)
    (first, second), *others = pairs
    if not others:
        where = f" in namespace `{second.namespace}`" if second.namespace else ""
        return diagnose(
            "MG054",
            f"{second.kind} `{second.name}`{where} is in the input twice, with different content",
            second.place,
            "Import one of them only.",
            (Note(first.place, "the other one"),),
            f"{second.namespace}/{second.name}",
        )
    names = [f"{item.kind} `{item.name}`" for _, item in pairs]
    where = f"`{files[0]}` and `{files[1]}` have" if files[0] != files[1] else f"`{files[0]}` has"
    notes = [Note(first.place, f"the other {first.kind} `{first.name}`")]
    notes += [Note(item.place, f"{item.kind} `{item.name}`") for _, item in others]
    return diagnose(
        "MG054",
        f"{where} {len(pairs)} objects twice, with different content: {begun(names)}",
        second.place,
        "Import one variant only.",
        tuple(notes),
    )
