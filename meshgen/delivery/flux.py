"""Flux (2.5 or newer) in every cluster: a GitRepository, and Kustomizations that apply the cluster's files in order.

Facts are of kustomize-controller 1.9.6 (`internal/controller`, `fluxcd/pkg/ssa` 0.76.2, `fluxcd/pkg/kustomize` 1.41.0).
Within one Kustomization Flux applies by kind, Kubernetes' own and Namespaces first, then by group and
kind, and deletes after that, in reverse (`ssa/sort.go`). So DestinationRules come before entries and leave after them
there; between Kustomizations `dependsOn` keeps the order of stages, for what is applied and for what is deleted.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from meshgen.delivery.facts import Document, Engine, Loss, Sort

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.delivery.model import Delivery, Object, Target

_URL = re.compile(r"(https?|ssh)://.+")
"""What a GitRepository takes (config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml)."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST_LABEL = 63
_INTERVAL = "10m"
_RETRY = "1m"
_TIMEOUT = "2m"


class Part(NamedTuple):
    """The stages that one Kustomization applies."""

    name: str
    stages: frozenset[int]


PARTS = (
    Part("exposure", frozenset({0, 1})),
    Part("traffic", frozenset({2, 3, 4})),
    Part("gateways", frozenset({5})),
)
"""In order. The middle ones are together: what is deleted has to leave after what leads to it has changed, and Flux
deletes at the end of one Kustomization, not of all."""

_HEALTHY = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("cert-manager.io/v1", "Certificate"),
        ("gateway.networking.k8s.io/v1", "Gateway"),
    }
)
"""Kinds whose status says whether they work; of core, Services of gateways. Those of Istio and Tetrate have none that
is documented, and count as done once applied."""
_EXPRESSIONS = {
    ("gateway.networking.k8s.io/v1", "Gateway"): (
        "status.conditions.exists(c, c.type == 'Programmed' && c.status == 'True' "
        "&& c.observedGeneration == metadata.generation)"
    ),
    ("v1", "Service"): "spec.type != 'LoadBalancer' || has(status.loadBalancer.ingress)",
}
"""Where kstatus (`fluxcd/cli-utils` 1.2.3, `status/core.go`) does not know the condition, or does not ask for it: a
Service with a cluster IP is ready to it, whether or not its load balancer has an address."""


def _repository(delivery: Delivery, target: Target, _objects: Sequence[Object]) -> Iterator[Document]:
    spec = {
        "interval": "1m",
        "url": delivery.repo_url,
        "ref": _reference(target.revision),
        **({"secretRef": {"name": delivery.secret}} if delivery.secret else {}),
    }
    yield Document(
        path=_object_path(target, "gitrepository.source.toolkit.fluxcd.io", delivery.project),
        name=delivery.project,
        content={"spec": spec},
    )


def _reference(revision: str) -> dict[str, str]:
    if revision.startswith("refs/"):
        return {"name": revision}
    return {"commit": revision} if _COMMIT.fullmatch(revision) else {"branch": revision}


def _kustomizations(delivery: Delivery, target: Target, objects: Sequence[Object]) -> Iterator[Document]:
    """The first one applies all of them, and itself; each of the others waits for the one before."""
    names = [delivery.project, *(f"{delivery.project}-{part.name}" for part in PARTS)]
    directory = delivery.below(f"_delivery/{target.cluster}")
    yield _kustomization(target, names[0], _spec(delivery, directory))
    for part, (before, name) in zip(PARTS, pairwise(names), strict=True):
        spec = {"dependsOn": [{"name": before}], **_spec(delivery, f"{directory}/{part.name}")}
        # Nothing waits for the last one: a gateway without an address must not hold up the rest.
        health = _health(objects) if part is PARTS[-1] else {}
        yield _kustomization(target, name, {**spec, **health})


def _kustomization(target: Target, name: str, spec: dict[str, Any]) -> Document:
    path = _object_path(target, "kustomization.kustomize.toolkit.fluxcd.io", name)
    return Document(path=path, name=name, content={"spec": spec})


def _spec(delivery: Delivery, directory: str) -> dict[str, Any]:
    return {
        "interval": _INTERVAL,
        "retryInterval": _RETRY,
        "timeout": _TIMEOUT,
        "sourceRef": {"kind": "GitRepository", "name": delivery.project},
        "path": f"./{directory}",
        "prune": True,
        "deletionPolicy": "Orphan",
    }


def _health(objects: Sequence[Object]) -> dict[str, Any]:
    watched = [item for item in objects if _has_health(item)]
    known = {(item.api_version, item.kind) for item in watched}
    expressions = [
        {"apiVersion": api_version, "kind": kind, "current": expression}
        for (api_version, kind), expression in _EXPRESSIONS.items()
        if (api_version, kind) in known
    ]
    checks = [
        {"apiVersion": item.api_version, "kind": item.kind, "name": item.name, "namespace": item.namespace}
        for item in watched
    ]
    return {
        **({"healthChecks": checks} if checks else {}),
        **({"healthCheckExprs": expressions} if expressions else {}),
    }


def _has_health(item: Object) -> bool:
    of_gateway = item.stage in PARTS[-1].stages and (item.api_version, item.kind) == ("v1", "Service")
    return of_gateway or (item.api_version, item.kind) in _HEALTHY


def _lists(delivery: Delivery, target: Target, objects: Sequence[Object]) -> Iterator[Document]:
    """The objects for the first Kustomization; for each part its namespaces, and for each of these its files, so that
    teams change lists of their own.
    """
    own = [*_repository(delivery, target, objects), *_kustomizations(delivery, target, objects)]
    yield _list(target.cluster, sorted(document.path.rpartition("/")[2] for document in own))
    for part in PARTS:
        directory = f"{target.cluster}/{part.name}"
        files = sorted(item.path for item in objects if item.stage in part.stages)
        namespaces: dict[str, list[str]] = {}
        for path in files:
            namespaces.setdefault(path.split("/")[1], []).append(f"../../../../{path}")
        # A Kustomization that finds no objects deletes all that it had (measured). So does one with an empty list, as
        # a part has to when its last object goes; a whole cluster without objects names a directory that is not there.
        yield _list(directory, sorted(namespaces) if objects else [f"../../../{target.cluster}"])
        for namespace, paths in sorted(namespaces.items()):
            yield _list(f"{directory}/{namespace}", paths)


def _list(directory: str, resources: list[str]) -> Document:
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    return Document(path=f"{directory}/kustomization.yaml", content={**head, "resources": resources})


def _object_path(target: Target, kind: str, name: str) -> str:
    return f"{target.cluster}/{kind}_{name}.yaml"


def _losses(delivery: Delivery) -> Iterator[Loss]:
    if not _URL.fullmatch(delivery.repo_url):
        yield Loss(
            "repoURL",
            "takes URLs that begin with https://, http:// or ssh:// only",
            "Write git@example.com:team/fleet.git as ssh://git@example.com/team/fleet.git.",
        )
    longest = _LONGEST_LABEL - max(len(f"-{part.name}") for part in PARTS)
    if len(delivery.project) > longest:
        yield Loss(
            "project",
            "labels what it applies with the names of its Kustomizations, which would be too long",
            f"Take a name of at most {longest} characters.",
        )
    if delivery.in_order:
        yield Loss(
            "waves",
            "runs in each cluster for itself, and syncs all of them at once",
            "Give each wave a revision of its own, which somebody moves, or take `wave` from the clusters.",
        )
    if not delivery.application_set:
        yield Loss("applicationSet", "knows no Applications", "Leave it out.")
    if delivery.leaving:
        yield Loss(
            "leaving",
            "permits nothing by cluster",
            "Leave it out: a cluster that is gone from the output keeps what it has, until somebody deletes it.",
        )


REPOSITORY = Sort(
    api_version="source.toolkit.fluxcd.io/v1",
    kind="GitRepository",
    of_cluster=_repository,
    reasons={
        "metadata name": "the project of the fleet",
        "metadata namespace": "where Flux runs",
        "spec interval": "how often it looks for a commit, where no webhook tells it",
        "spec url": "the repository of the output",
        "spec ref": "what the cluster follows: the fleet's revision, or that of its wave",
        "spec secretRef": "what reads a private repository",
    },
)
KUSTOMIZATION = Sort(
    api_version="kustomize.toolkit.fluxcd.io/v1",
    kind="Kustomization",
    of_cluster=_kustomizations,
    reasons={
        "metadata name": "the project of the fleet, and the part of the cluster's objects that it applies",
        "metadata namespace": "where Flux runs",
        "spec dependsOn": "applied when the one before has applied the same commit: the order of stages (ADR 46)",
        "spec interval": "how often it sets back what somebody changed in the cluster",
        "spec retryInterval": "how soon it tries again what failed",
        "spec timeout": "how long it waits for health; the next commit waits, too",
        "spec sourceRef": "the repository of the output",
        "spec path": "lists of the cluster's files by stage; the cluster's directory is the same for every engine",
        "spec prune": "what the fleet has no more is deleted",
        "spec deletionPolicy": "who deletes the Kustomization does not mean the mesh",
        "spec healthChecks": "every object whose status says whether it works",
        "spec healthCheckExprs": "kinds of which Flux does not know by itself when they work",
        "spec healthCheckExprs [] current": "programmed, as Gateway API says it; a load balancer has its address",
    },
)
LISTS = Sort(
    of_cluster=_lists,
    reasons={
        "apiVersion": "of kustomize",
        "kind": "of kustomize",
        "resources": "files and lists, by path: what is not there stops the sync, and nothing is deleted (ADR 46)",
    },
)

ENGINE = Engine(
    name="flux",
    title="Flux",
    namespace="flux-system",
    sorts=(REPOSITORY, KUSTOMIZATION, LISTS),
    losses=_losses,
    stepwise=False,
    of_nothing="Flux keeps what is there, and is not ready",
)
