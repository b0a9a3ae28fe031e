"""All about one published host: where users enter, and who answers each route from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.views.matrix import in_levels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.published import Published, PublishedGateway, PublishedRoute

_UNSERVING = {
    "no Service": "it has no such Service",
    "Service state": "its Service arrives or leaves",
    "no port": "its Service lacks the port",
    "no gateway": "it has no ingress gateway of the host",
    "draining": "it drains",
    "no address": "its ingress gateway has no address yet",
}


def published_host(found: Published, entry_point: str | None = None) -> str:
    """The text about a published host. `entry_point`: as users who enter in this cluster find it."""
    lines = [found.host, f"  published by workspace `{found.workspace.name}`"]
    lines += [f"  DNS names {in_levels(found.entry_order)}"]
    for gateway in found.entry_points:
        if entry_point in (None, gateway.cluster):
            lines += ["", *_entered(found, gateway)]
    for route in found.routes:
        lines += ["", f"{_asked(route)} of `{route.host}`"]
        lines += [f"  not in {item.cluster}: {_UNSERVING[item.why]}" for item in route.unserving]
        if not route.unserving:
            lines += ["  wherever the workspace has it"]
    return "\n".join(lines) + "\n"


def _entered(published: Published, gateway: PublishedGateway) -> Iterator[str]:
    state = "" if gateway.drain is None else ", draining"
    yield f"{gateway.cluster}: {gateway.role} gateway `{gateway.namespace}/{gateway.name}`{state}"
    at = [*gateway.addresses, *filter(None, (gateway.hostname,))]
    yield f"  at {', '.join(at)}" if at else "  at no address yet"
    for route, way in zip(published.routes, published.ways[gateway.cluster], strict=True):
        yield f"  {_asked(route)}: {in_levels(way)}"


def _asked(route: PublishedRoute) -> str:
    """Which requests a route takes: `/api/*`, `POST /cart`, `all`."""
    match = route.match
    if match is None:
        return "all"
    prefix = match.prefix.rstrip("/") + "/*" if match.prefix is not None else None
    said = [",".join(match.methods), match.path or prefix or ""]
    said += [f"{name}={value}" for name, value in match.headers.items()]
    return " ".join(filter(None, said)) or "all"
