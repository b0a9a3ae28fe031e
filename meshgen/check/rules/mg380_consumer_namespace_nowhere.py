"""A namespace of `consumerNamespaces` that no consumer has is most likely a slip (design §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.relations import Exposure, Relations
    from meshgen.language.workspace import ExposedService


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find such namespaces, one finding an exposed service and namespace."""
    by_setting: dict[int, tuple[ExposedService, list[Exposure]]] = {}
    for exposure in relations.exposures:
        setting = exposure.setting
        if setting is not None and setting.consumer_namespaces:
            by_setting.setdefault(id(setting), (setting, []))[1].append(exposure)
    for setting, exposures in by_setting.values():
        known: set[str] = set()
        for cluster in relations.fleet.clusters:
            if any(e.cluster != cluster.name and relations.consumes(cluster, e) for e in exposures):
                inventory = relations.inventory(cluster.name)
                known.update(namespace.name for namespace in (inventory.namespaces if inventory else []))
        for index, namespace in enumerate(setting.consumer_namespaces or []):
            if namespace in known:
                continue
            yield Diagnostic(
                code="MG380",
                severity="warning",
                message=f"no cluster that may call `{setting.host}` has namespace `{namespace}`",
                span=setting.span("consumerNamespaces", index),
                help="Correct the name, or add the namespace to the inventory of a consumer.",
                object=setting.host,
            )
