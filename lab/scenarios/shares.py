"""Shares of the clusters that answered, beside those that were meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE = 2.0  # percent, of ten thousand requests


def percent(numbers: Mapping[str, float]) -> dict[str, float]:
    """Numbers as parts of their sum, without those that are 0."""
    total = sum(numbers.values())
    return {name: round(100 * number / total, 1) for name, number in sorted(numbers.items()) if number}


def differences(
    found: Mapping[str, float], meant: Mapping[str, float], tolerance: float = TOLERANCE
) -> dict[str, float]:
    """Names whose part of what was found differs from what was meant, and by how many percent."""
    parts = {name: percent(found).get(name, 0.0) - percent(meant).get(name, 0.0) for name in {*found, *meant}}
    return {name: round(part, 1) for name, part in parts.items() if abs(part) > tolerance}
