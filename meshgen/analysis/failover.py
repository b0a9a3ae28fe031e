"""The failover of one exposed service or published host, after inheritance and defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meshgen.language.base import Item
    from meshgen.language.failover import Idempotent, RetryMode
    from meshgen.language.published_host import PublishedHost
    from meshgen.language.workspace import ExposedService, Workspace


@dataclass(frozen=True, slots=True)
class EffectiveFailover:
    """The failover of one exposed service or published host: its own, else the workspace's, else the defaults."""

    enabled: bool
    enabled_said: bool
    """Whether the fleet says so, rather than the default."""
    zone_aware: bool
    mode: RetryMode
    attempts: int | None
    per_try_timeout: str | None
    idempotent: Idempotent
    idempotent_requests: tuple[str, ...]
    outlier_detection: dict[str, int | str | bool]
    """Istio's fields, in Istio's spelling."""

    @property
    def asks_for_routes(self) -> bool:
        """Whether it says of retries what only routes of one host carry: the mesh's policy is one for all."""
        return self.per_try_timeout is not None or self.idempotent == "all" or bool(self.idempotent_requests)


DEFAULT_OUTLIER_DETECTION: dict[str, int | str | bool] = {
    "consecutive5xxErrors": 0,
    "consecutiveGatewayErrors": 5,
    "interval": "5s",
    "baseEjectionTime": "30s",
}


def effective(workspace: Workspace, setting: ExposedService | PublishedHost | None) -> EffectiveFailover:
    """Merge the failover of an exposed service or published host over its workspace's, field by field."""
    layers = [item for item in (setting.failover if setting else None, workspace.failover) if item is not None]
    retries = [layer.retries for layer in layers if layer.retries is not None]
    detection = dict(DEFAULT_OUTLIER_DETECTION)
    for layer in reversed(layers):
        if layer.outlier_detection is not None:
            detection |= layer.outlier_detection.model_dump(by_alias=True, exclude_none=True)

    def first(items: Sequence[Item], name: str, default: Any) -> Any:
        return next((value for item in items if (value := getattr(item, name)) is not None), default)

    return EffectiveFailover(
        enabled=first(layers, "enabled", default=True),
        enabled_said=any(layer.enabled is not None for layer in layers),
        zone_aware=first(layers, "zone_aware", default=False),
        mode=first(retries, "mode", "auto"),
        attempts=first(retries, "attempts", None),
        per_try_timeout=first(retries, "per_try_timeout", None),
        idempotent=first(retries, "idempotent", "safeMethods"),
        idempotent_requests=tuple(dict.fromkeys(first(retries, "idempotent_requests", ()))),
        outlier_detection=detection,
    )
