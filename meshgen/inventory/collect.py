"""Manifests to facts: what a cluster's objects say that a fleet needs to know."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from meshgen.analysis.labels import LABELS, MANAGED_BY
from meshgen.analysis.service_labels import OF_A_REVISION
from meshgen.diagnostics import Note, diagnose
from meshgen.inventory.duplicates import contradictions
from meshgen.inventory.facts import Facts
from meshgen.inventory.injection import injectors_in
from meshgen.inventory.mesh import istio_facts, without_configuration
from meshgen.inventory.nodes import families_in, nodes_in
from meshgen.inventory.objects import CLUSTER_KINDS, POD_KINDS, KubernetesObject, content, objects_in
from meshgen.inventory.pods import Chosen
from meshgen.inventory.policies import READERS, route
from meshgen.inventory.services import gateway_api_item, gateway_item, service_item
from meshgen.inventory.sidecars import sidecar_defaults
from meshgen.inventory.workloads import Workloads, workloads_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meshgen.diagnostics import Diagnostic
    from meshgen.load.nodes import Node

_NOISE_LABELS = frozenset({"kubernetes.io/metadata.name"})
_AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")
"""Kinds of what scales others; KEDA makes a HorizontalPodAutoscaler of its own."""
_NOT_WHOLE = frozenset({"ConfigMap", *_AUTOSCALERS, "Secret", *(kind for _, kind in CLUSTER_KINDS)})
"""Kinds that do not show that a namespace's Services were to be seen as well."""
_REMOTE_CLASS = "istio-remote"
"""The class of Gateways that stand for those of other clusters: ours, or somebody's."""
_MISTAKEN = {"VolumeSnapshot": ("virtualServices", "VirtualService", "vs")}
"""Kind → the list of the inventory that is empty where kubectl took a short name for that kind, its kind, the name."""


def collect(
    documents: Iterable[Node], namespace: str, *, gateway_api: bool | None = None
) -> tuple[Facts, list[Diagnostic]]:
    """The facts that `documents` show of one cluster.

    `namespace` is for objects that name none, `gateway_api` whether the API server has the Gateway API, where somebody
    asked it. The result does not depend on the order of the documents. What is
    wrong with them is reported as MG051 to MG054, MG059 and MG060; the facts are then incomplete. MG062 and MG069 are
    warnings.
    """
    findings: list[Diagnostic] = []
    objects = objects_in(documents, namespace, findings)
    facts = Facts(
        read=dict(Counter(item.kind for item in objects.known)),
        unknown=dict(Counter(objects.unknown)),
        of_fleet=objects.of_fleet,
    )
    labels = _namespace_labels((*objects.known, *(second for _, second in objects.twice)))
    injectors, sidecars = injectors_in(objects.known), sidecar_defaults(objects.known)
    facts.istio, facts.unset = istio_facts(objects.known, injectors, findings, gateway_api=gateway_api)
    facts.without_mesh_config = without_configuration(objects.known)
    workloads = workloads_in(objects.known, labels, injectors, sidecars)
    of_namespaces = {item.name: item.fields for item in objects.known if item.kind == "Namespace"}

    def says(item: KubernetesObject) -> object:
        reader = READERS.get((item.group, item.kind))
        if (item.group, item.kind) in POD_KINDS:
            return workloads_in([item], labels, injectors, sidecars), istio_facts([item], injectors, [])
        if item.kind == "Namespace":
            own = item.fields.at("metadata").labels("labels")
            return {key: own.get(key, value) for key, value in labels[item.name].items()}
        if item.kind in {"ConfigMap", "Secret"}:
            return istio_facts([item], injectors, [])
        if item.kind == "Service":
            return service_item(item, Workloads()), gateway_item(item, Workloads())
        return reader[1](item) if reader is not None else content(item)

    findings += contradictions(objects.twice, says)
    chosen = Chosen(objects.known, workloads)
    nodes = nodes_in(objects.known)
    facts.ip_families = families_in(objects.known)
    scaled = _autoscaled(objects.known)
    domain = str(facts.istio.get("clusterDomain", "cluster.local"))
    named: set[str] = set()
    facts.gateways_only = bool(objects.known)
    for item in objects.known:
        behind = workloads.get(item.namespace, Workloads())
        # Addresses are what the inventory is for, so a gateway counts whoever wrote it.
        gateway = (
            gateway_item(item, behind, nodes, None if scaled is None else scaled.get(item.namespace, set()))
            if item.kind == "Service"
            else None
        )
        if gateway is not None:
            facts.add("gateways", gateway, item)
        elif item.kind != "Node":
            facts.gateways_only = False
        if _is_managed(item):
            facts.managed += 1
            continue
        if item.kind == "Gateway" and item.fields.at("spec").text("gatewayClassName") == _REMOTE_CLASS:
            continue
        named.add(item.namespace)
        # The Service of a gateway is often imported alone, once its load balancer has an address.
        if item.kind not in _NOT_WHOLE and gateway is None and not objects.single:
            facts.namespaces.add(item.namespace)
        if item.kind == "Namespace":
            facts.add("namespaces", _namespace(item.name, labels[item.name]), item)
            continue
        service = service_item(item, behind, of_namespaces.get(item.namespace)) if item.kind == "Service" else None
        _add(facts, item, domain, service, chosen.services(item) if item.kind == "PeerAuthentication" else {})
    _add_gateways_of_the_api(facts, objects.known)
    for item in objects.known:
        if item.namespace in facts.namespaces or (item.kind == "Service" and item.namespace in named):
            seen = labels.get(item.namespace)
            facts.add(
                "namespaces", {"name": item.namespace} if seen is None else _namespace(item.namespace, seen), item
            )
    findings += _unseen(facts)
    findings += _of_revisions(objects.known)
    return facts, findings


def _namespace_labels(objects: Iterable[KubernetesObject]) -> dict[str, dict[str, str]]:
    """The labels of the Namespaces: of two manifests of one each may leave out what the other one says."""
    labels: dict[str, dict[str, str]] = {}
    for item in objects:
        if item.kind == "Namespace":
            labels[item.name] = {**item.fields.at("metadata").labels("labels"), **labels.get(item.name, {})}
    return labels


def _add_gateways_of_the_api(facts: Facts, objects: Iterable[KubernetesObject]) -> None:
    """After Services: one that Istio made for a Gateway says the same and more."""
    for item in objects:
        if (item.group, item.kind) == ("gateway.networking.k8s.io", "Gateway"):
            gateway = gateway_api_item(item)
            if gateway is not None:
                facts.add("gateways", gateway, item)


def _unseen(facts: Facts) -> Iterator[Diagnostic]:
    """Notes the lists that are empty because nobody asked for their kinds; MG062 where somebody meant to."""
    if "Service" not in facts.read:
        # Every cluster has Services, so these kinds alone were asked for.
        facts.unseen |= {section for section, found in facts.sections.items() if not found}
    for kind, (section, meant, name) in _MISTAKEN.items():
        if kind in facts.unknown and meant not in facts.read:
            facts.unseen.add(section)
            yield diagnose(
                "MG062",
                f"the input has {kind}s and no {meant}: kubectl takes `{name}` for either",
                help=f"Ask for `{meant.lower()}s.networking.istio.io`; what the inventory knew of them stays.",
            )


def _of_revisions(objects: Iterable[KubernetesObject]) -> list[Diagnostic]:
    """MG069 for Services whose selector is another one after each roll-out."""
    found = [
        (item, label)
        for item in objects
        if item.kind == "Service" and not _is_managed(item)
        for label in sorted(OF_A_REVISION & set(item.fields.at("spec", "selector").keys()))
    ]
    if not found:
        return []
    (first, label), *others = found
    more = f" and {len(others)} more" if others else ""
    return [
        diagnose(
            "MG069",
            f"Service `{first.namespace}/{first.name}`{more} selects pods of one revision, by `{label}`",
            first.place,
            "Import it after each roll-out, or expose a Service without that label: entries with the old one are no "
            "longer behind it.",
            tuple(Note(item.place, f"`{item.namespace}/{item.name}`, by `{name}`") for item, name in others),
        )
    ]


def _add(
    facts: Facts, item: KubernetesObject, domain: str, service: dict[str, object] | None, chosen: dict[str, object]
) -> None:
    reader = READERS.get((item.group, item.kind))
    if service is not None:
        if (item.namespace, item.name) != ("default", "kubernetes"):
            facts.add("services", service, item)
    elif reader is not None:
        section, make = reader
        facts.add(section, make(item) | _revision(item) | chosen, item)
    elif item.group == "gateway.networking.k8s.io" and item.kind != "Gateway":
        found = route(item, domain)
        if found is not None:
            facts.add("virtualServices", found | _revision(item), item)


def _namespace(name: str, labels: Mapping[str, str]) -> dict[str, object]:
    kept = {key: value for key, value in sorted(labels.items()) if key not in _NOISE_LABELS}
    return {"name": name, "labels": kept}


def _revision(item: KubernetesObject) -> dict[str, object]:
    return {"revision": item.fields.at("metadata").labels("labels").get("istio.io/rev")}


def _autoscaled(objects: Iterable[KubernetesObject]) -> dict[str, set[tuple[str, str]]] | None:
    """Namespace → kind and name of what autoscalers of others scale there; None where there is no autoscaler."""
    autoscalers = [item for item in objects if item.kind in _AUTOSCALERS]
    found: dict[str, set[tuple[str, str]]] = {}
    for item in autoscalers:
        target = item.fields.at("spec", "scaleTargetRef")
        if not _is_managed(item):
            found.setdefault(item.namespace, set()).add(
                (target.text("kind") or "Deployment", target.text("name") or "")
            )
    return found if autoscalers else None


def _is_managed(item: KubernetesObject) -> bool:
    metadata = item.fields.at("metadata")
    if metadata.at("labels").node.entries and metadata.labels("labels").get(MANAGED_BY) == LABELS[MANAGED_BY]:
        return True
    return any(
        key.startswith("xcp.tetrate.io/")
        for where in ("labels", "annotations")
        for key in metadata.at(where).keys()  # noqa: SIM118 - not a mapping
    )
