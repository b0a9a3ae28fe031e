"""No change takes the last cluster of a published host, or the last entry point, without a word (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.diagnostics import Cause
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import NAMES, all_of
from meshgen.published import published_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Diagnostic
    from meshgen.published import Published


class Before(NamedTuple):
    """An earlier fleet, and by what it is known."""

    relations: Relations
    by: str


def taken(pasts: Iterable[tuple[Before, ...]], now: Relations) -> Iterator[Diagnostic]:
    """Find published hosts that users reached before and reach no longer: MG838.

    What is lost from each fleet of one tuple counts, as for calls. A host that is no longer published is lost, too.
    """
    hosts = {published.host: published for published in published_hosts(now)}
    lost: dict[str, str] = {}
    for together in pasts:
        found = [
            {published.host for published in published_hosts(past.relations) if answered(published)}
            for past in together
        ]
        for host in set.intersection(*found) if found else ():
            if host not in hosts or not answered(hosts[host]):
                lost.setdefault(host, together[0].by)
    for host, by in sorted(lost.items()):
        yield _finding(hosts.get(host), host, by, now)


def answered(published: Published) -> bool:
    """Whether users come in somewhere, and every route leads to some cluster from there."""
    return any(
        gateway.usable and ways and all(way.levels for way in ways)
        for gateway in published.entry_points
        for ways in [published.ways[gateway.cluster]]
    )


def _finding(published: Published | None, host: str, by: str, now: Relations) -> Diagnostic:
    if published is None:
        why, span = "it is no longer published", now.fleet.spec.key_span("publishedHosts")
    else:
        drains = sorted(
            {item.cluster for route in published.routes for item in route.unserving if item.drain is not None}
            | {gateway.cluster for gateway in published.entry_points if gateway.drain is not None}
        )
        why = f"{all_of(drains)} {'drains' if len(drains) == 1 else 'drain'}" if drains else "no cluster serves it"
        span = published.setting.span()
    return diagnose(
        "MG838",
        f"users would lose `{host}`: {why}, as of {by}",
        span=span,
        help="Keep one cluster and one entry point active; `--allow-withdrawal` if nobody calls it.",
        object=f"publishedHost/{host}" if published is None else published.object,
        cause=Cause(
            f"users would lose {NAMES}: {why}, as of {by}", f"fleet/{now.fleet.name}", f"`{host}`", f"`{host}`"
        ),
    )
