"""Which requests a route takes."""

from __future__ import annotations

from typing import NamedTuple

from meshgen.language.published_host import Method, RouteMatch


def takes_all(one: RouteMatch | None, other: RouteMatch | None) -> bool:
    """Whether a route with match `one` takes every request that `other` does."""
    first, second = one or RouteMatch(), other or RouteMatch()
    if not _path_within(first, second):
        return False
    wanted = {name.lower(): value for name, value in first.headers.items()}
    given = {name.lower(): value for name, value in second.headers.items()}
    if any(given.get(name) != value for name, value in wanted.items()):
        return False
    return not first.methods or (bool(second.methods) and set(second.methods) <= set(first.methods))


def _path_within(first: RouteMatch, second: RouteMatch) -> bool:
    if first.path is not None:
        return second.path == first.path
    prefix = (first.prefix or "/").rstrip("/")
    path = second.path or second.prefix or "/"
    return not prefix or path.rstrip("/") == prefix or path.startswith(f"{prefix}/")


class Request(NamedTuple):
    """One request, as far as routes look at it."""

    path: str = "/"
    method: Method = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    """Sorted."""

    def __str__(self) -> str:
        with_headers = "".join(f" with `{name}: {value}`" for name, value in self.headers)
        return f"`{self.method} {self.path}`{with_headers}"


def takes(match: RouteMatch | None, request: Request) -> bool:
    """Whether a route with `match` takes the request."""
    asked = RouteMatch(path=request.path, headers=dict(request.headers), methods=[request.method])
    return takes_all(match, asked)


def samples(match: RouteMatch | None) -> tuple[Request, ...]:
    """Requests that `match` takes, one of each method; where it takes all methods, a GET."""
    if match is None:
        return (Request(),)
    headers = tuple(sorted(match.headers.items()))
    return tuple(
        Request(match.path or match.prefix or "/", method, headers) for method in match.methods or [Request().method]
    )
