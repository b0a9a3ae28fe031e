"""The mesh-wide retry policy, for people to put into the mesh config of a cluster; not synced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.yaml import document

if TYPE_CHECKING:
    from meshgen.plan.model import ClusterPlan

RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,503"
"""Istio's own default conditions (Istio: pilot/pkg/networking/core/route/retry/retry.go)."""


def mesh_config(plan: ClusterPlan) -> tuple[str, bytes] | None:
    """Path below the output directory and text of the snippet, None where no host asks for it."""
    if plan.mesh_retry_policy is None:
        return None
    snippet = {
        "defaultHttpRetryPolicy": {
            "attempts": plan.mesh_retry_policy.attempts,
            "retryOn": RETRY_ON,
            "retryRemoteLocalities": True,
        }
    }
    return f"_setup/{plan.cluster}/mesh-config.yaml", document(snippet)
