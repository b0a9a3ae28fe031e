"""The Kubernetes objects in documents of YAML: lists taken apart, each object with its identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.inventory.fields import Fields, describe, plain
from meshgen.inventory.kubectl import entries_of, is_null
from meshgen.inventory.unrendered import named_by_template
from meshgen.load.documents import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshgen.diagnostics import Span
    from meshgen.load.nodes import Node, Plain

POD_KINDS = {
    ("", "Pod"),
    ("", "ReplicationController"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("argoproj.io", "Rollout"),
    ("batch", "CronJob"),
    ("batch", "Job"),
}
"""Group and kind of what has a pod template, or is a pod."""
ROUTE_KINDS = {("gateway.networking.k8s.io", kind) for kind in ("GRPCRoute", "HTTPRoute", "TCPRoute", "TLSRoute")}
NAMESPACED_KINDS = (
    POD_KINDS
    | ROUTE_KINDS
    | {
        ("", "ConfigMap"),
        ("", "Secret"),
        ("", "Service"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("gateway.networking.k8s.io", "Gateway"),
        ("keda.sh", "ScaledObject"),
        ("networking.istio.io", "DestinationRule"),
        ("networking.istio.io", "Gateway"),
        ("networking.istio.io", "ServiceEntry"),
        ("networking.istio.io", "Sidecar"),
        ("networking.istio.io", "VirtualService"),
        ("security.istio.io", "PeerAuthentication"),
    }
)
CLUSTER_KINDS = {
    ("", "Namespace"),
    ("", "Node"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
}
KINDS = NAMESPACED_KINDS | CLUSTER_KINDS
"""All that the inventory reads; other kinds are skipped."""

_KUSTOMIZATION = (
    "MG059",
    "this is a kustomization, not rendered",
    "Render it and import the result: `kubectl kustomize DIR | meshgen inventory import --cluster NAME -`.",
)
_RENDERED_FIRST = {
    ("kustomize.config.k8s.io", "Component"): _KUSTOMIZATION,
    ("kustomize.config.k8s.io", "Kustomization"): _KUSTOMIZATION,
    ("template.openshift.io", "Template"): (
        "MG060",
        "this is a template of OpenShift, not rendered",
        "Import its objects: `oc process -f FILE -o yaml | meshgen inventory import --cluster NAME -`.",
    ),
}
"""Group and kind of what is no object of a cluster but a recipe for some: code, message, help."""

_STATUS_COUNTS = frozenset({"Gateway", "Pod", "Service"})
_RUNTIME_METADATA = frozenset({"generation", "managedFields", "resourceVersion"})


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object of a manifest that the inventory reads. `name` is empty for a workload with `generateName`."""

    group: str
    kind: str
    namespace: str
    name: str
    fields: Fields

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells two objects of a cluster apart."""
        return (self.group, self.kind, self.namespace, self.name)

    @property
    def place(self) -> Span:
        """Its name, as the place that stands for it."""
        return self.fields.node.find(["metadata", "name"]).span


@dataclass(frozen=True, slots=True)
class Objects:
    """What was found: objects by key, those without a name at the end, and kinds that nothing reads."""

    known: tuple[KubernetesObject, ...]
    unknown: tuple[str, ...]
    """One kind per object that was skipped."""
    twice: tuple[tuple[KubernetesObject, KubernetesObject], ...] = ()
    """Objects of one key, each further one with the first."""
    of_fleet: tuple[Span, ...] = ()
    """The kinds of documents that are a fleet's, not a cluster's; they are among `unknown`."""
    single: bool = False
    """Whether the input is one object and no list of objects, as `kubectl get KIND NAME` prints it."""


def objects_in(documents: Iterable[Node], namespace: str, findings: list[Diagnostic]) -> Objects:
    """The objects of `documents`, in an order that does not depend on theirs.

    `namespace` is for objects that name none, as kubectl's option. Lists (`kind: List`, `ServiceList`) are taken
    apart. Adds to `findings`: MG051 (no Kubernetes object), MG052 (no name), MG053 (a field of a wrong type),
    MG059 and MG060 (not rendered).
    """
    known: dict[tuple[str, str, str, str], KubernetesObject] = {}
    nameless: list[KubernetesObject] = []
    unknown: list[str] = []
    twice: list[tuple[KubernetesObject, KubernetesObject]] = []
    of_fleet: list[Span] = []
    lists = 0
    todo = [(document, "", "") for document in reversed(list(documents))]
    while todo:
        node, version, kind = todo.pop()
        if is_null(node):
            continue
        if node.entries is None:
            _no_object(node, f"this is {describe(node)}, not a Kubernetes object", findings)
            continue
        head = Fields(node, findings)
        version = version or head.text("apiVersion") or ""
        kind = kind or head.text("kind") or ""
        if not kind or not version:
            absent = "kind" if not kind else "apiVersion"
            _no_object(node, f"this is not a Kubernetes object: it has no `{absent}`", findings)
            continue
        if kind == "List" or (kind.endswith("List") and "items" in node.entries):
            lists += 1
            items = entries_of(node).get("items")
            if items is not None and items[1].items is None and not is_null(items[1]):
                _no_object(items[1], f"`items` of a {kind} must be a list, not {describe(items[1])}", findings)
                continue
            inherited = ("", "") if kind == "List" else (version, kind.removesuffix("List"))
            todo.extend(
                (item, *(("", "") if "kind" in entries_of(item) else inherited))
                for item in reversed((items[1].items if items is not None else None) or [])
            )
            continue
        found = _object(node, version, kind, namespace, findings)
        if found is None:
            unknown.append(kind)
            if version == API_VERSION:
                of_fleet.append(node.find(["kind"]).span)
        elif not found.name:
            nameless.append(found)
        elif (first := known.setdefault(found.key, found)) is not found:
            twice.append((first, found))
    return Objects(
        (*(known[key] for key in sorted(known)), *nameless),
        tuple(sorted(unknown)),
        tuple(twice),
        tuple(of_fleet),
        single=not lists and len(known) == 1 and not nameless and not unknown,
    )


def _object(node: Node, version: str, kind: str, namespace: str, findings: list[Diagnostic]) -> KubernetesObject | None:
    group = version.rpartition("/")[0]
    if (group, kind) not in KINDS:
        if (group, kind) in _RENDERED_FIRST:
            findings.append(diagnose(*_RENDERED_FIRST[group, kind][:2], node.span, _RENDERED_FIRST[group, kind][2]))
        return None
    metadata = Fields(node, findings, kind).at("metadata")
    name = metadata.text("name") or ""
    generated = metadata.text("generateName")
    if not name and not (generated and (group, kind) in POD_KINDS):
        findings.append(
            diagnose(
                "MG052",
                f"the {kind} has no `metadata.name`" + (f", only `generateName: {generated}`" if generated else ""),
                node.span,
                "Name the object; the inventory refers to it by name.",
            )
        )
    own_namespace = metadata.text("namespace") or namespace
    if named_by_template((name, own_namespace)):
        findings.append(
            diagnose(
                "MG060",
                f"the {kind} `{name}` in namespace `{own_namespace}` is named by a template, not rendered",
                metadata.span(),
                "Import what is rendered from it.",
            )
        )
        return None
    namespace = own_namespace if (group, kind) in NAMESPACED_KINDS else ""
    return KubernetesObject(group, kind, namespace, name, Fields(node, findings, f"{kind} `{name or generated or ''}`"))


def content(item: KubernetesObject) -> Plain:
    """All that an object says, without what the API server changes while two dumps are taken."""
    found = plain(item.fields.node)
    if not isinstance(found, dict):
        return found
    found = {key: value for key, value in found.items() if key not in {"apiVersion", "kind"}}
    if item.kind not in _STATUS_COUNTS:
        found.pop("status", None)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = {key: value for key, value in metadata.items() if key not in _RUNTIME_METADATA}
    return found


def _no_object(node: Node, message: str, findings: list[Diagnostic]) -> None:
    findings.append(
        diagnose(
            "MG051",
            message,
            node.span,
            "Leave the document out, or give it `apiVersion`, `kind` and `metadata.name`.",
        )
    )
