"""What the GitOps engine is given of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.delivery import engine
from meshgen.delivery.model import Delivery, Target
from meshgen.plan.gateways import spans
from meshgen.plan.model import Origin, PlannedDelivery

if TYPE_CHECKING:
    from meshgen.language.fleet import Fleet


def planned_delivery(fleet: Fleet) -> PlannedDelivery | None:
    """Plan the delivery of all clusters, also of a fleet that rules refuse; None: the fleet says nothing of it."""
    declared = fleet.spec.delivery
    if declared is None:
        return None
    revisions: dict[int | None, str] = {wave.wave: wave.revision for wave in reversed(declared.waves)}
    return PlannedDelivery(
        Delivery(
            engine=declared.engine,
            repo_url=declared.repo_url,
            revision=declared.revision,
            path=declared.path,
            namespace=declared.namespace or engine(declared.engine).namespace,
            project=declared.project,
            targets=tuple(
                Target(
                    cluster=cluster.name,
                    revision=revisions.get(cluster.wave, declared.revision),
                    wave=cluster.wave,
                )
                for cluster in fleet.clusters
            ),
            secret=declared.secret_name or "",
            leaving=tuple(sorted(set(declared.leaving))),
            application_set=declared.application_set,
            revisions=bool(revisions),
        ),
        Origin(f"fleet/{fleet.name}", spans(declared.span())),
    )
