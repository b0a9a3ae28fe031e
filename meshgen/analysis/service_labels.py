"""Labels that choose the exposed services of a workspace, where a platform knows Services by labels only.

Tetrate's WorkspaceSetting lists `serviceLabels`: items are OR-ed, labels inside one AND-ed, and an empty list exposes
everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from meshgen.analysis.facts import own_entries
from meshgen.analysis.hosts import ServiceName, covers, parse_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.language.inventory import ObservedService
    from meshgen.language.workspace import Workspace

Labels = dict[str, str]

_PREFERRED = ("app", "app.kubernetes.io/name")
_VOLATILE = frozenset(
    {"app.kubernetes.io/managed-by", "app.kubernetes.io/version", "chart", "helm.sh/chart", "version"}
)
"""Labels that change with a release: chosen only where nothing else tells Services apart."""


OF_A_REVISION = frozenset({"controller-revision-hash", "pod-template-hash", "rollouts-pod-template-hash"})
"""Labels whose value is another one after each change of the pods."""
_MOST_TRIED = 32
"""Labels of a Service that are tried alone and in pairs."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An exposed Service whose labels, all together, also choose one that is not exposed."""

    cluster: str
    exposed: ObservedService
    other_cluster: str
    other: ObservedService | None
    """None: the exposed Service has no labels at all."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The label sets of a workspace, and the Services for which there is none."""

    labels: tuple[Labels, ...] | None
    """None: everything is exposed; empty: nothing."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Copy:
    cluster: str
    service: ObservedService


def service_labels(relations: Relations, workspace: Workspace) -> tuple[Labels, ...] | None:
    """The label sets that choose exactly the exposed services of `workspace`, sorted; None: all, empty: none."""
    return select(relations, workspace).labels


def select(relations: Relations, workspace: Workspace) -> Selection:
    """Find for each exposed host the smallest label set that matches exposed Services only, in all clusters."""
    is_exposed = _exposing(relations, workspace)
    exposed: dict[tuple[str, str], list[_Copy]] = {}
    hidden: dict[frozenset[tuple[str, str]], _Copy] = {}
    for cluster, namespaces in sorted(relations.spanned[workspace.name].items()):
        for name, service in relations.services_in(cluster, namespaces):
            if is_exposed(cluster, service):
                exposed.setdefault(name, []).append(_Copy(cluster, service))
            else:
                hidden.setdefault(frozenset(service.labels.items()), _Copy(cluster, service))
    if workspace.exposed_services is None and not hidden:
        return Selection(None)
    rivals = _Rivals(hidden.values())
    found: set[frozenset[tuple[str, str]]] = set()
    problems: list[Problem] = []
    for _, copies in sorted(exposed.items()):
        shared = set.intersection(*(set(copy.service.labels.items()) for copy in copies))
        common = _smallest(dict(shared), rivals)
        if common is not None:
            found.add(frozenset(common.items()))
            continue
        for copy in copies:
            own = _smallest(copy.service.labels, rivals)
            if own is not None:
                found.add(frozenset(own.items()))
            else:
                rival = rivals.first(copy.service.labels) if copy.service.labels else None
                problems.append(
                    Problem(
                        copy.cluster,
                        copy.service,
                        rival.cluster if rival else copy.cluster,
                        rival.service if rival else None,
                    )
                )
                break
    ordered = sorted((sorted(labels) for labels in found), key=lambda labels: (len(labels), labels))
    return Selection(tuple(dict(labels) for labels in ordered), tuple(problems))


def _exposing(relations: Relations, workspace: Workspace) -> Callable[[str, ObservedService], bool]:
    """Whether a Service of a cluster is one that the labels shall choose.

    Where everything is exposed, what takes no entries anyway is left to the control plane; where that writes entries,
    it would also write them for pods that a gateway does not reach, and these are left out.
    """
    if workspace.exposed_services is not None:
        domain = relations.fleet.spec.cluster_domain
        listed = {parse_host(setting.host, domain) for setting in workspace.exposed_services}
        return lambda _, service: ServiceName(service.namespace, service.name) in listed
    gateway = relations.gateway_of(workspace)

    def no_exception(cluster: str, service: ObservedService) -> bool:
        if relations.excepted(workspace, ServiceName(service.namespace, service.name)):
            return False
        return (
            own_entries(relations.fleet)
            or gateway is None
            or relations.unexposable(cluster, service) is not None
            or relations.left_out(cluster, gateway, service) is None
        )

    return no_exception


class _Rivals:
    """Services that must not be chosen, by their labels."""

    def __init__(self, copies: Iterable[_Copy]) -> None:
        self._by_label: dict[tuple[str, str], list[_Copy]] = {}
        for copy in copies:
            for label in copy.service.labels.items():
                self._by_label.setdefault(label, []).append(copy)

    def first(self, labels: Labels) -> _Copy | None:
        """One that these labels, at least one, choose."""
        fewest = min((self._by_label.get(label, []) for label in labels.items()), key=len)
        return next((copy for copy in fewest if covers(labels, copy.service.labels)), None)


def _smallest(labels: Labels, rivals: _Rivals) -> Labels | None:
    return next((each for each in _candidates(labels) if rivals.first(each) is None), None)


def _candidates(labels: Labels) -> Iterator[Labels]:
    """Single labels, best first, then pairs, then all of them."""
    keys = sorted(labels, key=_rank)
    for size in (1, 2):
        for chosen in combinations(keys[:_MOST_TRIED], size):
            yield {key: labels[key] for key in chosen}
    if len(keys) > 2:  # noqa: PLR2004 - singles and pairs are done
        yield labels


def _rank(key: str) -> tuple[int, str]:
    if key in _PREFERRED:
        return (_PREFERRED.index(key), key)
    return (len(_PREFERRED) + (key in _VOLATILE), key)
