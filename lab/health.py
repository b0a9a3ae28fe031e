"""The health that Argo CD gives to objects (gitops-engine's `pkg/health`, Argo CD's `resource_customizations`).

Only kinds that fleets emit and that have a rule. Istio's and Tetrate's have none: they count as done once applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.api import Object

HEALTHY = ""


class DegradedError(Exception):
    """An object became what Argo CD ends a sync for."""


def missing_for_health(body: Object) -> str:
    """Say what a live object lacks to be healthy; `HEALTHY` where it lacks nothing or its kind has no rule.

    Raises `DegradedError` where waiting does not help.
    """
    rule = _RULES.get((body["apiVersion"].rpartition("/")[0], body["kind"]))
    return rule(body) if rule else HEALTHY


def _deployment(body: Object) -> str:
    status, conditions = _status(body), _conditions(body)
    if body["spec"].get("paused"):
        return "paused"
    if body["metadata"].get("generation", 0) > status.get("observedGeneration", 0):
        return "not observed"
    if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        raise DegradedError("progress deadline exceeded")
    updated = status.get("updatedReplicas", 0)
    if updated < body["spec"].get("replicas", 1):
        return f"{updated} replicas updated"
    if status.get("replicas", 0) > updated:
        return "old replicas are there"
    if status.get("availableReplicas", 0) < updated:
        return f"{status.get('availableReplicas', 0)} replicas available"
    return HEALTHY


def _service(body: Object) -> str:
    balanced = body["spec"].get("type") == "LoadBalancer"
    return "no address" if balanced and not _status(body).get("loadBalancer", {}).get("ingress") else HEALTHY


def _pod_disruption_budget(body: Object) -> str:
    conditions = _conditions(body)
    for condition in conditions.values():
        if condition["status"] == "False" and condition["reason"] != "InsufficientPods":
            raise DegradedError(condition["reason"])
    return HEALTHY if conditions else "no status"


_RULES: dict[tuple[str, str], Callable[[Object], str]] = {
    ("apps", "Deployment"): _deployment,
    ("", "Service"): _service,
    ("policy", "PodDisruptionBudget"): _pod_disruption_budget,
}


def _status(body: Object) -> dict[str, Any]:
    return body.get("status") or {}


def _conditions(body: Object) -> dict[str, dict[str, Any]]:
    return {condition["type"]: condition for condition in _status(body).get("conditions", [])}
