"""What an autoscaler goes by, as HorizontalPodAutoscalers and Tetrate's install gateways both write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshgen.plan.model import PlannedAutoscaling


def cpu_metrics(autoscaling: PlannedAutoscaling) -> list[dict[str, Any]]:
    """The `metrics` of `autoscaling/v2` for an average use of the requested CPU."""
    target = {"type": "Utilization", "averageUtilization": autoscaling.cpu}
    return [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
