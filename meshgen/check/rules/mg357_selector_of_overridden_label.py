"""Labels of an entry that Istio or meshgen sets, so that a selector cannot rely on them.

Source: metadata labels are merged over those of the spec (serviceregistry/serviceentry/conversion.go), topology labels
come from locality, network and cluster (pilot/pkg/serviceregistry/util/label).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations

_OURS = {"app.kubernetes.io/managed-by": "meshgen", "security.istio.io/tlsMode": "istio"}
_OF_ISTIO = frozenset(
    {
        "topology.istio.io/cluster",
        "topology.istio.io/network",
        "topology.istio.io/subzone",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find selectors of local copies that entries would not satisfy."""
    for link in imports(relations):
        if link.local is None:
            continue
        for key, value in link.local.selector.items():
            if key in _OF_ISTIO:
                why = "Istio sets it"
            elif _OURS.get(key, value) != value:
                why = f"theirs is `{_OURS[key]}`"
            else:
                continue
            yield Diagnostic(
                code="MG357",
                severity="error",
                message=f"the selector of `{link.host}` in cluster `{link.cluster}` needs label `{key}: {value}`, "
                f"which entries cannot have: {why}",
                span=link.local.span("selector", key),
                help="Select the pods by another label, or set `failover: {enabled: false}`.",
                notes=notes((exposure_at(link.sources[0]), f"cluster `{link.sources[0].cluster}` serves it")),
                object=link.object,
            )
