"""What the fleet declares of a cluster and what its inventory observed agree (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import parse_version
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.cluster import Cluster


_FIELDS = {
    "version": "version",
    "revision": "revision",
    "network": "network",
    "trust_domain": "trustDomain",
    "dns_capture": "dnsCapture",
}


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find facts that the fleet and an inventory state differently; a version may be given in fewer numbers."""
    for cluster in relations.fleet.clusters:
        inventory = relations.inventory(cluster.name)
        if inventory is None or inventory.istio is None:
            continue
        for name, key in _FIELDS.items():
            observed = getattr(inventory.istio, name)
            declared, span = _declared(relations, cluster, name, key)
            if observed is None or declared is None or _same(name, declared, observed):
                continue
            yield Diagnostic(
                code="MG305",
                severity="error",
                message=f"`{key}` of cluster `{cluster.name}` is declared as {_shown(declared)}, but its inventory has "
                f"{_shown(observed)}",
                span=span,
                help="Correct the one that is wrong; the declaration can also be left out.",
                notes=notes((inventory.istio.span(key), "the inventory says it here")),
                object=f"cluster/{cluster.name}",
            )


def _declared(relations: Relations, cluster: Cluster, name: str, key: str) -> tuple[object, Span | None]:
    spec = relations.fleet.spec
    if name == "network":
        return cluster.network, cluster.span(key)
    if name == "trust_domain":
        if cluster.trust_domain is not None:
            return cluster.trust_domain, cluster.span(key)
        return (spec.trust_domain, spec.span(key)) if name in spec.model_fields_set else (None, None)
    for istio in (cluster.istio, spec.istio):
        if istio is not None and getattr(istio, name) is not None:
            return getattr(istio, name), istio.span(key)
    return None, None


def _same(name: str, declared: object, observed: object) -> bool:
    if name == "version":
        return all(a == b for a, b in zip(parse_version(str(declared)), parse_version(str(observed)), strict=False))
    return declared == observed


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value else '`""`'
