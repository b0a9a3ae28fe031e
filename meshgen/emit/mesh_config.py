"""The mesh-wide retry policy, for people to put into the mesh config of a cluster; not synced.

One list of conditions serves all methods, so it holds those after which no server can have seen the request and those
of Istio's own default, which it replaces: with 503 in it, every POST that an application answers 503 ran four times
(measured in the lab).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.calls.retries import RETRY_AS_ISTIO
from meshgen.emit.artifact import setup_file
from meshgen.emit.reasons import Input, Reason
from meshgen.language.workspace import ExposedService, Workspace
from meshgen.plan.model import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.emit.artifact import Artifact
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import Identity


class MeshConfigEmitter:
    """Writes the snippet of every cluster in which a host asks for it."""

    reasons: Reasons = {  # noqa: RUF012 - never changed
        "defaultHttpRetryPolicy attempts": Reason(
            "the most that a host asks for",
            (Input(ExposedService, "failover.retries.attempts"), Input(Workspace, "failover.retries.attempts")),
            "enough to get past all addresses of the levels before the last (MG365)",
        ),
        "defaultHttpRetryPolicy retryOn": Reason(
            "one list for all methods, so nothing runs twice that Istio does not retry by itself (ADR 6, 27)"
        ),
        "defaultHttpRetryPolicy retryRemoteLocalities": Reason(
            "else retries would stay in the failed locality (design §3)"
        ),
    }

    def identities(self, _scope: Scope) -> Iterator[Identity]:
        return iter(())

    def artifacts(self, scope: Scope) -> Iterator[Artifact]:
        cluster, policy = scope.cluster.cluster, scope.cluster.mesh_retry_policy
        if policy is None:
            return
        snippet = {
            "defaultHttpRetryPolicy": {
                "attempts": policy.attempts,
                "retryOn": RETRY_AS_ISTIO,
                "retryRemoteLocalities": True,
            }
        }
        yield setup_file(cluster, "mesh-config.yaml", snippet, Origin(f"cluster/{cluster}"))


MESH_CONFIG = MeshConfigEmitter()
