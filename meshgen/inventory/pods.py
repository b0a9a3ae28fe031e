"""Which Services a selector of pods concerns: their pods may have more labels than the Services ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.inventory.workloads import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject
    from meshgen.inventory.workloads import Workload


class Chosen:
    """The Services of a cluster by the workloads behind them; `workloads` by namespace."""

    def __init__(self, objects: Iterable[KubernetesObject], workloads: Mapping[str, Sequence[Workload]]) -> None:
        self._workloads = workloads
        self._selectors: dict[str, dict[str, dict[str, str]]] = {}
        for item in objects:
            if item.kind == "Service":
                selector = item.fields.at("spec").labels("selector")
                self._selectors.setdefault(item.namespace, {})[item.name] = selector
        self._behind: dict[str, dict[str, frozenset[int]]] = {}

    def services(self, policy: KubernetesObject) -> Item:
        """The Services of the policy's namespace all, and some, of whose pods its selector chooses."""
        labels = policy.fields.at("spec", "selector").labels("matchLabels")
        chosen = {id(workload) for workload in selected(self._workloads.get(policy.namespace, ()), labels)}
        if not chosen:
            return {}
        behind = self._of(policy.namespace)
        return {
            "services": sorted(name for name, pods in behind.items() if pods <= chosen) or None,
            "servicesInPart": sorted(name for name, pods in behind.items() if pods & chosen and not pods <= chosen)
            or None,
        }

    def _of(self, namespace: str) -> dict[str, frozenset[int]]:
        """The Services of a namespace that have workloads, and these."""
        if namespace not in self._behind:
            workloads = self._workloads.get(namespace, ())
            found = {
                name: frozenset(map(id, selected(workloads, selector)))
                for name, selector in self._selectors.get(namespace, {}).items()
            }
            self._behind[namespace] = {name: pods for name, pods in found.items() if pods}
        return self._behind[namespace]
