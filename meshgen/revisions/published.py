"""No change takes the last cluster of a published host, or the last entry point, without a word (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.zones import zone_of
from meshgen.diagnostics import Cause
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import NAMES, all_of
from meshgen.published import published_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Diagnostic
    from meshgen.published import Published


_ANSWERED, _HTTP, _HTTPS, _RECORD = "answered", "http", "https", "record"
"""Ways in which users get to a host; the first sorts before the others, which go with it."""
_GONE = {
    _HTTP: "it answers without TLS no longer",
    _HTTPS: "it answers with TLS no longer",
    _RECORD: "no provider keeps its DNS record any longer",
}


class Before(NamedTuple):
    """An earlier fleet, and by what it is known."""

    relations: Relations
    by: str


def taken(pasts: Iterable[tuple[Before, ...]], now: Relations) -> Iterator[Diagnostic]:
    """Find published hosts that users reached before and reach no longer: MG838.

    What is lost from each fleet of one tuple counts, as for calls. A host that is no longer published is lost, too, and
    one that is answered by one scheme less, or whose DNS record no provider keeps any longer.
    """
    hosts = {published.host: published for published in published_hosts(now)}
    ways = {host: set(_ways(now, published)) for host, published in hosts.items()}
    lost: dict[str, tuple[str, str]] = {}
    for together in pasts:
        found = [
            {
                (published.host, way)
                for published in published_hosts(past.relations)
                for way in _ways(past.relations, published)
            }
            for past in together
        ]
        for host, way in sorted(set.intersection(*found)) if found else ():
            if way not in ways.get(host, ()):
                lost.setdefault(host, (way, together[0].by))
    for host, (way, by) in sorted(lost.items()):
        yield _finding(hosts.get(host), host, way, by, now)


def _ways(relations: Relations, published: Published) -> Iterator[str]:
    """In what ways users get to a host: that somebody answers, by which schemes, and that DNS is kept for them."""
    if not answered(published):
        return
    tls = published.setting.tls
    yield _ANSWERED
    if tls is not None:
        yield _HTTPS
    if tls is None or tls.redirect:
        yield _HTTP
    zone = zone_of(relations, published.host)
    if zone is not None and zone.provider != "none":
        yield _RECORD


def answered(published: Published) -> bool:
    """Whether users come in somewhere, and every route leads to some cluster from there."""
    return any(
        gateway.usable and ways and all(way.levels for way in ways)
        for gateway in published.entry_points
        for ways in [published.ways[gateway.cluster]]
    )


def _finding(published: Published | None, host: str, way: str, by: str, now: Relations) -> Diagnostic:
    if published is None:
        why, span = "it is no longer published", now.fleet.spec.key_span("publishedHosts")
    elif way != _ANSWERED and answered(published):
        why, span = _GONE[way], published.setting.span()
    else:
        drains = sorted(
            {item.cluster for route in published.routes for item in route.unserving if item.drain is not None}
            | {gateway.cluster for gateway in published.entry_points if gateway.drain is not None}
        )
        why = "no cluster serves it"
        if drains:
            why = f"{all_of(drains)} {'drains' if len(drains) == 1 else 'drain'}"
        elif not any(gateway.usable for gateway in published.entry_points):
            why = "no entry point has an address"
        span = published.setting.span()
    return diagnose(
        "MG838",
        f"users would lose `{host}`: {why}, as of {by}",
        span=span,
        help="Keep one cluster and one entry point active; `--allow-withdrawal` if nobody calls it."
        if way not in _GONE
        else "Keep it until nobody comes that way, then build with `--allow-withdrawal`.",
        object=f"publishedHost/{host}" if published is None else published.object,
        cause=Cause(
            f"users would lose {NAMES}: {why}, as of {by}", f"fleet/{now.fleet.name}", f"`{host}`", f"`{host}`"
        ),
    )
