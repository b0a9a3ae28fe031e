"""Which service accounts the entries of a source have to carry.

A client accepts the identities of all endpoints of a Service together (Istio: SANs of the Service and accounts of its
endpoints, pilot/pkg/model/push_context.go). So accounts that the local copy has need no entry of their own, and an
entry carries one account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.language.inventory import ObservedService


def needed_accounts(pairs: Iterable[tuple[ObservedService | None, ObservedService]]) -> list[str]:
    """The accounts of remote copies that their local ones lack, sorted; `pairs` are local (or none) and remote."""
    needed: set[str] = set()
    for local, remote in pairs:
        here = set(local.service_accounts or []) if local is not None else set()
        needed |= set(remote.service_accounts or []) - here
    return sorted(needed)


def accounts_by_place(
    pairs: Iterable[tuple[ObservedService | None, ObservedService]], places: int
) -> Mapping[int, str | None]:
    """The account of the entry at each place (from 1): needed ones first, then the others, then all over again.

    None everywhere where a remote copy does not know its accounts.
    """
    known = list(pairs)
    if any(not remote.service_accounts for _, remote in known):
        return dict.fromkeys(range(1, places + 1))
    needed = needed_accounts(known)
    every = {account for _, remote in known for account in remote.service_accounts or []}
    order = needed + sorted(every - set(needed))
    return {place: order[(place - 1) % len(order)] for place in range(1, places + 1)}
