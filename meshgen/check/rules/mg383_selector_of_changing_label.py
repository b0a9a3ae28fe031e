"""Labels that Argo writes: a selector with them may lose its entries some day.

Source: metadata labels are merged over those of the spec (serviceregistry/serviceentry/conversion.go), and Argo CD's
label tracking sets one on all that it syncs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.places import first_of
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.check.consumers import Link

_LABELS = {
    "app.kubernetes.io/instance": (
        "which Argo CD sets on entries if it tracks by label",
        "Let Argo CD track by annotation, its default since 3.0, and accept this.",
    ),
    "rollouts-pod-template-hash": (
        "which every rollout of Argo Rollouts changes",
        "Select the pods by another label, or import the inventory after each rollout.",
    ),
}


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find selectors of local copies with such labels, one finding a label and cluster."""
    found: dict[tuple[str, str], list[Link]] = {}
    for link in imports(relations):
        for key in link.local.selector if link.local is not None else ():
            if key in _LABELS:
                found.setdefault((link.cluster, key), []).append(link)
    for (cluster, key), links in found.items():
        first = links[0]
        hosts = first_of([link.host for link in links])
        why, advice = _LABELS[key]
        yield Diagnostic(
            code="MG383",
            severity="warning",
            message=f"the selector of {hosts} in cluster `{cluster}` needs label `{key}`, {why}",
            span=first.local.span("selector", key) if first.local is not None else None,
            help=advice,
            object=f"cluster/{cluster}",
        )
