"""What controllers make of pods: which ones end by themselves, and the labels that no manifest shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.inventory.fields import Fields
    from meshgen.inventory.objects import KubernetesObject

_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_ENDING = frozenset({"Job", "CronJob"})
_OF_JOBS = ("batch.kubernetes.io/job-name", "job-name")
_DEBUGGERS = frozenset({"kubectl-debug"})

_ANY = "[A-Za-z0-9]+"
_GIVEN: dict[str, dict[str, str]] = {
    "DaemonSet": {"controller-revision-hash": _ANY, "pod-template-generation": "[0-9]+"},
    "Deployment": {"pod-template-hash": _ANY},
    "ReplicaSet": {"pod-template-hash": _ANY},
    "Rollout": {"rollouts-pod-template-hash": _ANY},
    "StatefulSet": {
        "statefulset.kubernetes.io/pod-name": "{name}-[0-9]+",
        "apps.kubernetes.io/pod-index": "[0-9]+",
        "controller-revision-hash": f"{{name}}-{_ANY}",
    },
    "Job": {
        **dict.fromkeys(_OF_JOBS, "{name}"),
        **dict.fromkeys(("batch.kubernetes.io/controller-uid", "controller-uid"), "[0-9a-f-]+"),
        "batch.kubernetes.io/job-completion-index": "[0-9]+",
    },
    "CronJob": dict.fromkeys(_OF_JOBS, "{name}-[0-9]+"),
}
"""Kind → the labels that its controller sets on pods → a pattern of their values.

https://kubernetes.io/docs/reference/labels-annotations-taints/, of Rollouts: utils/defaults of argo-rollouts.
"""

GIVEN = frozenset(label for labels in _GIVEN.values() for label in labels)
"""All labels that pods may have although no template shows them."""


def is_hook(item: KubernetesObject) -> bool:
    """Whether Helm or Argo CD runs the object at one moment of a release: a test, a migration.

    A Deployment that one of them starts early stays, so only what ends by itself counts.
    """
    if item.kind not in {"Pod", *_ENDING}:
        return False
    annotations = item.fields.at("metadata", "annotations").keys()
    return any(hook in annotations for hook in _HOOKS)


def ends(item: KubernetesObject, pod: Fields) -> bool:
    """Whether its pods end by themselves, so that a Service is hardly meant for them."""
    if item.kind in _ENDING:
        return True
    if item.kind != "Pod":
        return False
    labels = pod.at("metadata").labels("labels")
    return (
        pod.at("spec").text("restartPolicy") in {"Never", "OnFailure"}
        or any(label in labels for label in _OF_JOBS)
        or labels.get("app.kubernetes.io/managed-by") in _DEBUGGERS
    )


def picks(selector: Mapping[str, str], labels: Mapping[str, str], kind: str, name: str) -> bool:
    """Whether `selector` picks pods of the object `kind`/`name`, whose template has `labels`.

    Labels that the object's controller sets count as there. One of them has to name the object where the template
    has none of the selector's labels: every Deployment has some hash.
    """
    named = False
    for key, value in selector.items():
        if key in labels:
            if labels[key] != value:
                return False
            named = True
            continue
        pattern = _GIVEN.get(kind, {}).get(key)
        if pattern is None or not re.fullmatch(pattern.replace("{name}", re.escape(name)), value):
            return False
        named = named or "{name}" in pattern
    return named
