"""What the clusters may run: for each call, how it was reached, and by what that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.plan.reach import Reach


class Known(NamedTuple):
    """How a call was reached."""

    reach: Reach
    by: str
    """`commit 3ff41a9f838e`, or one of the target branch, or the last build."""


Past: TypeAlias = "Mapping[tuple[str, str], Known]"
"""(consumer, host) → how it was reached; only calls that other clusters serve."""

Together: TypeAlias = "tuple[Past, ...]"
"""What is lost counts only where it is lost from each of these, as from both parents of a merge: what one of them
lacked was given up there."""
