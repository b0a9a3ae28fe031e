"""What the clusters run. Facts only; what a platform gets emitted is in `meshgen.emit.registry`."""

from __future__ import annotations

from meshgen.platforms.facts import Entries, Platform
from meshgen.platforms.istio import ISTIO
from meshgen.platforms.tsb import TSB
from meshgen.platforms.tse import TSE

__all__ = ["PLATFORMS", "Entries", "Platform", "platform", "platform_names"]

PLATFORMS = {platform.name: platform for platform in (ISTIO, TSB, TSE)}
"""Every platform by its name, sorted."""


def platform_names() -> tuple[str, ...]:
    """The names of all platforms, sorted."""
    return tuple(PLATFORMS)


def platform(name: str) -> Platform:
    """The platform of that name, one of `platform_names()`."""
    return PLATFORMS[name]
