"""Weights of single targets out of the shares of entry points, in the smallest whole numbers."""

from __future__ import annotations

from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from meshgen.dns.model import Family, Member, Pool


class Target(NamedTuple):
    """One address or hostname of a member, and its weight among all of the pool."""

    member: Member
    value: str
    weight: int


def per_target(pool: Pool, family: Family) -> tuple[Target, ...]:
    """Every target of a pool: the weights of a member's targets add up to its share, whatever their number."""
    members = [(member, member.targets(family)) for member in pool.members]
    common = lcm(*(len(targets) for _, targets in members if targets))
    weights = [
        (member, target, member.weight * common // len(targets)) for member, targets in members for target in targets
    ]
    divisor = gcd(*(weight for _, _, weight in weights)) or 1
    return tuple(Target(member, target, weight // divisor) for member, target, weight in weights)


def per_member(pool: Pool) -> tuple[tuple[Member, int], ...]:
    """Every member of a pool with its weight, as one whole."""
    divisor = gcd(*(member.weight for member in pool.members)) or 1
    return tuple((member, member.weight // divisor) for member in pool.members)
