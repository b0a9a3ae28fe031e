"""Which Services a selector of pods concerns: their pods may have more labels than the Services ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.inventory.workloads import Workloads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.inventory.facts import Item
    from meshgen.inventory.objects import KubernetesObject


class _Namespace(NamedTuple):
    """The Services of a namespace by name, each with its workloads, and the other way round."""

    behind: dict[str, frozenset[int]]
    before: dict[int, list[str]]


class Chosen:
    """The Services of a cluster by the workloads behind them; `workloads` by namespace."""

    def __init__(self, objects: Iterable[KubernetesObject], workloads: Mapping[str, Workloads]) -> None:
        self._workloads = workloads
        self._selectors: dict[str, dict[str, dict[str, str]]] = {}
        for item in objects:
            if item.kind == "Service":
                selector = item.fields.at("spec").labels("selector")
                self._selectors.setdefault(item.namespace, {})[item.name] = selector
        self._known: dict[str, _Namespace] = {}

    def services(self, policy: KubernetesObject) -> Item:
        """The Services of the policy's namespace all, and some, of whose pods its selector chooses."""
        labels = policy.fields.at("spec", "selector").labels("matchLabels")
        workloads = self._workloads.get(policy.namespace, Workloads())
        chosen = {id(workload) for workload in workloads.selected(labels)}
        if not chosen:
            return {}
        behind, before = self._of(policy.namespace)
        concerned = sorted({name for pods in chosen for name in before.get(pods, ())})
        return {
            "services": [name for name in concerned if behind[name] <= chosen] or None,
            "servicesInPart": [name for name in concerned if not behind[name] <= chosen] or None,
        }

    def _of(self, namespace: str) -> _Namespace:
        """The Services of a namespace that have workloads."""
        if namespace not in self._known:
            workloads = self._workloads.get(namespace, Workloads())
            found = _Namespace({}, {})
            for name, selector in self._selectors.get(namespace, {}).items():
                pods = frozenset(map(id, workloads.selected(selector)))
                if pods:
                    found.behind[name] = pods
                for each in pods:
                    found.before.setdefault(each, []).append(name)
            self._known[namespace] = found
        return self._known[namespace]
