"""Argo CD (3.5): an AppProject, and an Application for each cluster."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from meshgen.delivery.facts import Document, Engine, Loss, Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.delivery.model import Delivery, Kind

API_VERSION = "argoproj.io/v1alpha1"
WAVE = "meshgen.io/wave"
"""Label of an Application by which steps choose it."""
_ANNOTATIONS = {
    "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
    "argocd.argoproj.io/manifest-generate-paths": ".",
}
_FIRST = {"argocd.argoproj.io/sync-wave": "-1"}
"""Before the ApplicationSet, whose kind comes first: without its project it makes no Application, and looks again after
three minutes (applicationset/controllers, `ReconcileRequeueOnValidationError`)."""
_OBSERVED = """\
hs = {}
if obj.status ~= nil and obj.status.observedGeneration == obj.metadata.generation then
  hs.status = "Healthy"
else
  hs.status = "Progressing"
  hs.message = "no controller has read it yet"
end
return hs
"""
_HEALTH = {("externaldns.k8s.io", "DNSEndpoint"): _OBSERVED}
"""(group, kind) → Lua, where Argo CD knows no health (`resource_customizations`, gitops-engine/pkg/health) and the
status tells one: ExternalDNS writes the generation that it has read (0.22, source/crd.go). Istio writes no status by
default, and what Tetrate writes is not documented."""
_OF_ALL = "default"
"""The project that Argo CD has itself (operator-manual/project-specification)."""
_LAST = "last"
"""The wave of clusters that say none."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def application_name(project: str, cluster: str) -> str:
    """The name of a cluster's Application; with a digest where the cluster's is no name of Kubernetes."""
    if _NAME.fullmatch(cluster):
        return f"{project}-{cluster}"
    name = re.sub(r"[^a-z0-9]+", "-", cluster.lower())
    return f"{project}-{name}-{hashlib.sha256(cluster.encode()).hexdigest()[:8]}"


def _path(kind: str, name: str) -> str:
    return f"argocd/{kind.lower()}.argoproj.io_{name}.yaml"


def _project(delivery: Delivery, kinds: Sequence[Kind]) -> Iterator[Document]:
    clusters = sorted({*(target.cluster for target in delivery.targets), *delivery.leaving})
    yield Document(
        path=_path("AppProject", delivery.project),
        name=delivery.project,
        annotations=_FIRST,
        content={
            "spec": {
                "description": "The service mesh, as meshgen wrote it",
                "sourceRepos": [delivery.repo_url],
                "destinations": [{"name": cluster, "namespace": "*"} for cluster in clusters],
                "clusterResourceWhitelist": _permitted(kind for kind in kinds if not kind.namespaced),
                "namespaceResourceWhitelist": _permitted(kind for kind in kinds if kind.namespaced),
            }
        },
    )


def _permitted(kinds: Iterable[Kind]) -> list[dict[str, str]]:
    return [{"group": kind.group, "kind": kind.kind} for kind in sorted(kinds)]


def _wave(wave: int | None) -> str:
    return _LAST if wave is None else str(wave)


def _application_set(delivery: Delivery, _kinds: Sequence[Kind]) -> Iterator[Document]:
    if not delivery.application_set:
        return
    elements = [
        {
            "cluster": target.cluster,
            "name": application_name(delivery.project, target.cluster),
            "path": delivery.below(target.cluster),
            "revision": target.revision,
            "wave": _wave(target.wave),
        }
        for target in delivery.targets
    ]
    spec: dict[str, Any] = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": elements}}],
    }
    if delivery.in_order:
        steps = [
            {"matchExpressions": [{"key": WAVE, "operator": "In", "values": [_wave(wave)]}]} for wave in delivery.waves
        ]
        spec["strategy"] = {"type": "RollingSync", "rollingSync": {"steps": steps}}
    spec["syncPolicy"] = {"preserveResourcesOnDeletion": True}
    spec["template"] = {
        "metadata": {
            "name": "{{.name}}",
            "labels": {WAVE: "{{.wave}}"},
            "annotations": _ANNOTATIONS,
        },
        "spec": _application_spec(delivery, "{{.cluster}}", "{{.path}}", "{{.revision}}"),
    }
    yield Document(path=_path("ApplicationSet", delivery.project), name=delivery.project, content={"spec": spec})


def _applications(delivery: Delivery, _kinds: Sequence[Kind]) -> Iterator[Document]:
    for target in () if delivery.application_set else delivery.targets:
        name = application_name(delivery.project, target.cluster)
        yield Document(
            path=_path("Application", name),
            name=name,
            labels={WAVE: _wave(target.wave)},
            annotations=_ANNOTATIONS,
            content={
                "spec": _application_spec(delivery, target.cluster, delivery.below(target.cluster), target.revision)
            },
        )


def _application_spec(delivery: Delivery, cluster: str, path: str, revision: str) -> dict[str, Any]:
    return {
        "project": delivery.project,
        "source": {
            "repoURL": delivery.repo_url,
            "targetRevision": revision,
            "path": path,
            "directory": {"recurse": True},
        },
        "destination": {"name": cluster},
        "ignoreDifferences": [
            {"group": "apps", "kind": "Deployment", "managedFieldsManagers": ["kube-controller-manager"]}
        ],
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "retry": {
                "limit": -1,
                "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"},
                "refresh": True,
            },
            "syncOptions": [
                "ServerSideApply=true",
                "RespectIgnoreDifferences=true",
                "PruneLast=true",
                "ApplyOutOfSyncOnly=true",
            ],
        },
    }


def _health_checks(_delivery: Delivery, kinds: Sequence[Kind]) -> Iterator[Document]:
    known = {(kind.group, kind.kind) for kind in kinds}
    checks = {
        f"resource.customizations.health.{group}_{kind}": lua
        for (group, kind), lua in sorted(_HEALTH.items())
        if (group, kind) in known
    }
    if checks:
        yield Document(path="argocd/values/argocd-cm.yaml", content={"data": checks})


PROJECT = Sort(
    api_version=API_VERSION,
    kind="AppProject",
    of_fleet=_project,
    reasons={
        "metadata name": "the project of the fleet",
        "metadata namespace": "where Argo CD runs",
        "metadata annotations argocd.argoproj.io/sync-wave": "it is there before what refers to it",
        "spec description": "for people who list projects",
        "spec sourceRepos": "the repository of the output, and no other",
        "spec destinations": "the clusters of the fleet, as Argo CD knows them by name, and those that leave",
        "spec clusterResourceWhitelist": "every kind without a namespace that meshgen writes for the platform",
        "spec namespaceResourceWhitelist": "every kind that meshgen writes for the platform, whether the fleet has one "
        "now or not: what is not permitted cannot be pruned either",
    },
)


def _of_application(place: str) -> dict[str, str]:
    """Reasons of an Application, at `place` of an object; empty: of the object itself."""
    metadata, spec = f"{place}metadata", f"{place}spec"
    return {
        f"{metadata} name": "one Application for each cluster",
        f"{metadata} labels {WAVE}": "by which steps choose it",
        f"{metadata} annotations argocd.argoproj.io/compare-options": "the API server says what an apply would change, "
        "so that its defaults are no difference",
        f"{metadata} annotations argocd.argoproj.io/manifest-generate-paths": "a commit for other clusters renders "
        "nothing anew",
        f"{spec} project": "what it may do",
        f"{spec} source repoURL": "the repository of the output",
        f"{spec} source targetRevision": "what the cluster follows",
        f"{spec} source path": "the directory of the cluster",
        f"{spec} source directory": "objects stand in directories of their namespaces (design §7)",
        f"{spec} destination": "the cluster, by the name under which it is registered",
        f"{spec} ignoreDifferences": "replicas that an autoscaler has set, and nothing that people did",
        f"{spec} syncPolicy automated prune": "what the output has no more goes; never all of a cluster, which "
        "`allowEmpty` would let happen",
        f"{spec} syncPolicy automated selfHeal": "a change by hand is set back",
        f"{spec} syncPolicy retry": "a cluster may be away for long; a newer commit replaces the one that fails",
        f"{spec} syncPolicy syncOptions": "replacements are there before what they replace goes (ADR 12)",
    }


APPLICATION_SET = Sort(
    api_version=API_VERSION,
    kind="ApplicationSet",
    of_fleet=_application_set,
    reasons={
        "metadata name": "as the project",
        "metadata namespace": "where Argo CD runs",
        "spec goTemplate": "the only templates that can refuse what is not there",
        "spec goTemplateOptions": "an error instead of an Application without a path",
        "spec generators": "the clusters of the fleet: no label of Argo CD's decides what syncs",
        "spec strategy": "one wave of clusters after the other; Argo CD then syncs by itself no more",
        "spec syncPolicy preserveResourcesOnDeletion": "a cluster that leaves the list keeps its objects",
        **_of_application("spec template "),
    },
)
APPLICATIONS = Sort(
    api_version=API_VERSION,
    kind="Application",
    of_fleet=_applications,
    reasons={"metadata namespace": "where Argo CD runs", **_of_application("")},
)
HEALTH_CHECKS = Sort(
    of_fleet=_health_checks,
    reasons={"data *": "a kind of the platform that has a status, and whose health Argo CD does not know by itself"},
)


def _losses(delivery: Delivery) -> Iterator[Loss]:
    if delivery.in_order and not delivery.application_set:
        yield Loss(
            "applicationSet",
            "syncs Applications that no ApplicationSet makes all at once, whatever the `wave` of their clusters",
            "Let an ApplicationSet make them, or give each wave a revision of its own in `delivery.waves`.",
        )
    if delivery.project == _OF_ALL:
        yield Loss(
            "project",
            f"has the project `{_OF_ALL}` for every Application that names none, and would permit them no more than "
            "what is meshgen's",
            "Choose another name, or leave it out for `meshgen`.",
        )
    if delivery.secret:
        yield Loss(
            "secretName",
            "finds the Secret of a repository by its URL",
            "Leave it out, and label the Secret `argocd.argoproj.io/secret-type: repository`.",
        )


ENGINE = Engine(
    name="argocd",
    title="Argo CD",
    namespace="argocd",
    sorts=(PROJECT, APPLICATION_SET, APPLICATIONS, HEALTH_CHECKS),
    losses=_losses,
)
