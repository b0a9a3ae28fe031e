"""No change takes the last cluster of a published host, or the last entry point, without a word (design §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.zones import zone_of
from meshgen.diagnostics import Cause
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import NAMES, all_of
from meshgen.published.matches import Request, samples, takes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Diagnostic
    from meshgen.published import Published
    from meshgen.revisions.compile import Meaning


_ANSWERED, _HTTP, _HTTPS, _RECORD, _REQUEST = "answered", "http", "https", "record", "request"


class _Way(NamedTuple):
    """A way in which users get to a host; of what is lost the first is said, since the others go with it."""

    kind: str
    request: Request = Request()
    """One that a route takes."""

    @property
    def gone(self) -> str:
        return {
            _HTTP: "it answers without TLS no longer",
            _HTTPS: "it answers with TLS no longer",
            _RECORD: "no provider keeps its DNS record any longer",
            _REQUEST: f"no route takes {self.request} any longer",
        }[self.kind]


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """An earlier fleet, and by what it is known."""

    meaning: Meaning
    by: str
    older: tuple[Meaning, ...] = ()
    """Those before it of which objects still stand in its output, since it was not built, or for some clusters only."""


def taken(
    pasts: Iterable[tuple[Before, ...]], now: Relations, published_now: Iterable[Published]
) -> Iterator[Diagnostic]:
    """Find published hosts that users reached before and reach no longer: MG838.

    What is lost from each fleet of one tuple counts, as for calls. A host that is no longer published is lost, too, and
    one that is answered by one scheme less, whose DNS record no provider keeps any longer, or whose routes no longer
    take a request that one of them took.
    """
    hosts = {published.host: published for published in published_now}
    ways = {host: set(_ways(now, published)) for host, published in hosts.items()}
    lost: dict[str, tuple[_Way, str]] = {}
    for together in pasts:
        found = [
            {
                (published.host, way)
                for published in past.meaning.published
                for way in _ways(past.meaning.relations, published)
            }
            for past in together
        ]
        for host, way in sorted(set.intersection(*found)) if found else ():
            if not _remains(way, ways.get(host, ()), hosts.get(host)):
                lost.setdefault(host, (way, together[0].by))
    for host, (way, by) in sorted(lost.items()):
        yield _finding(hosts.get(host), host, way, by, now)


def _ways(relations: Relations, published: Published) -> Iterator[_Way]:
    """In what ways users get to a host: that somebody answers what, by which schemes, and that DNS is kept for them."""
    if not answered(published):
        return
    tls = published.setting.tls
    yield _Way(_ANSWERED)
    if tls is not None:
        yield _Way(_HTTPS)
    if tls is None or tls.redirect:
        yield _Way(_HTTP)
    zone = zone_of(relations, published.host)
    if zone is not None and zone.provider != "none":
        yield _Way(_RECORD)
    for route in published.routes:
        for request in samples(route.match):
            yield _Way(_REQUEST, request)


def _remains(way: _Way, ways: Collection[_Way], published: Published | None) -> bool:
    if published is None or way.kind != _REQUEST:
        return way in ways
    return any(takes(route.match, way.request) for route in published.routes)


def answered(published: Published) -> bool:
    """Whether users come in somewhere, and every route leads to some cluster from there."""
    return any(
        gateway.usable and ways and all(way.levels for way in ways)
        for gateway in published.entry_points
        for ways in [published.ways[gateway.cluster]]
    )


def _finding(published: Published | None, host: str, way: _Way, by: str, now: Relations) -> Diagnostic:
    if published is None:
        why, span = "it is no longer published", now.fleet.spec.key_span("publishedHosts")
    elif way.kind != _ANSWERED and answered(published):
        why, span = way.gone, published.setting.span()
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
        if way.kind == _ANSWERED
        else "Keep it until nobody comes that way, then build with `--allow-withdrawal`.",
        object=f"publishedHost/{host}" if published is None else published.object,
        cause=Cause(
            f"users would lose {NAMES}: {why}, as of {by}", f"fleet/{now.fleet.name}", f"`{host}`", f"`{host}`"
        ),
    )
