"""The mesh-wide retry policy, for people to put into the mesh config of a cluster; not synced.

One list of conditions serves all methods, so it holds only those after which no server can have seen the request:
with 503 in it, every POST that an application answers 503 ran four times (measured in the lab).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.emit.virtual_service import RETRY_UNPROCESSED
from meshgen.emit.yaml import document

if TYPE_CHECKING:
    from meshgen.plan.model import ClusterPlan


def mesh_config(plan: ClusterPlan) -> tuple[str, bytes] | None:
    """Path below the output directory and text of the snippet, None where no host asks for it."""
    if plan.mesh_retry_policy is None:
        return None
    snippet = {
        "defaultHttpRetryPolicy": {
            "attempts": plan.mesh_retry_policy.attempts,
            "retryOn": RETRY_UNPROCESSED,
            "retryRemoteLocalities": True,
        }
    }
    return f"_setup/{plan.cluster}/mesh-config.yaml", document(snippet)
