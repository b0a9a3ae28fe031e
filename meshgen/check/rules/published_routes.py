"""The routes of published hosts: one form, and none in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.check.places import notes
from meshgen.check.rule import Finding, Rule
from meshgen.published.matches import takes_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.published_host import Route


def two_forms(context: Context) -> Iterator[Finding]:
    """Find published hosts with both forms of routes, or with none.

    `service` and `port` are short for a single route (design §2).
    """
    for host in context.relations.fleet.published_hosts:
        short = "service" if host.service is not None else "port" if host.port is not None else None
        if host.routes is not None and short is not None:
            yield Finding(
                message=f"published host `{host.name}` has `routes` and `{short}`",
                span=host.key_span(short),
                help=f"Say it in a route, and take `{short}` out.",
                notes=notes((host.key_span("routes"), "its routes")),
                object=f"publishedHost/{host.name}",
            )
        elif host.routes is None and host.service is None:
            yield Finding(
                message=f"published host `{host.name}` leads to no service",
                span=host.span("name"),
                help="Name its `service`, or several in `routes`.",
                object=f"publishedHost/{host.name}",
            )


def route_in_vain(context: Context) -> Iterator[Finding]:
    """Find routes all of whose requests an earlier one takes.

    The first route that takes a request counts (design §2).
    """
    for host in context.relations.fleet.published_hosts:
        for place, route in enumerate(host.routes or ()):
            before = next(
                (each for each in (host.routes or ())[:place] if takes_all(each.match, route.match)),
                None,
            )
            if before is None:
                continue
            yield Finding(
                message=f"route {place + 1} of published host `{host.name}` gets nothing: one before it takes it all",
                span=_place(route),
                help="Move it before the other one, or take it out.",
                notes=notes((_place(before), "this one takes them")),
                object=f"publishedHost/{host.name}",
            )


def match_in_two_ways(context: Context) -> Iterator[Finding]:
    """Find routes that match a prefix and a path.

    A request has one path: a route that asks for both means one of them.
    """
    for host in context.relations.fleet.published_hosts:
        for route in host.routes or ():
            match = route.match
            if match is None or match.prefix is None or match.path is None:
                continue
            yield Finding(
                message=f"a route of published host `{host.name}` matches the prefix `{match.prefix}` and the path "
                f"`{match.path}`",
                span=match.key_span("path"),
                help="Keep one of them.",
                notes=notes((match.key_span("prefix"), "the prefix")),
                object=f"publishedHost/{host.name}",
            )


def header_twice(context: Context) -> Iterator[Finding]:
    """Find routes that ask for one header twice: the case of a header's name counts for nothing (RFC 9110, 5.1)."""
    for host in context.relations.fleet.published_hosts:
        for route in host.routes or ():
            headers = route.match.headers if route.match is not None else {}
            first: dict[str, str] = {}
            for name in headers:
                other = first.setdefault(name.lower(), name)
                if other != name and route.match is not None:
                    yield Finding(
                        message=f"a route of published host `{host.name}` asks for one header twice: `{other}` and "
                        f"`{name}`",
                        span=route.match.span("headers", name),
                        help="Keep one of them.",
                        notes=notes((route.match.span("headers", other), "the other one")),
                        object=f"publishedHost/{host.name}",
                    )


def _place(route: Route) -> Span | None:
    return route.span("match") if route.match is not None else route.span("service")


RULES = (
    Rule("MG801", "error", "routes in two forms or none", "0.1", two_forms),
    Rule("MG802", "error", "a route that gets no request", "0.1", route_in_vain),
    Rule("MG811", "error", "a route for a prefix and a path", "0.1", match_in_two_ways),
    Rule("MG877", "error", "a header that is asked for twice", "0.1", header_twice),
)
