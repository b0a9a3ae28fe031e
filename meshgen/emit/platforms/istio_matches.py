"""Plain Istio: which requests a route of a published host takes, and which of these may run twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.virtual_service import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.plan.model import (
        PlannedMatch,
        PlannedRoute,
    )


def matches(route: PlannedRoute) -> tuple[list[dict[str, Any]] | None, list[dict[str, Any]] | None]:
    """What matches the requests of a route that may run twice, and all its others; None: there are none."""
    retries, match = route.retries, route.match
    methods = methods_of(route)
    every = list(match_of(match, methods))
    if retries.idempotent == "all":
        return every, None
    twice: list[dict[str, Any]] = []
    once: list[dict[str, Any]] | None = every
    if retries.idempotent == "safeMethods" and not route.grpc:
        safe = SAFE_METHODS if not methods else tuple(method for method in methods if method in SAFE_METHODS)
        if safe:
            twice += match_of(match, safe)
        if methods and safe == methods:
            once = None
    for request in retries.idempotent_requests:
        method, _, path = request.rpartition(" ")
        if not methods or not method or method in methods:
            twice += _narrowed(match, (method,) if method else methods, path)
    return twice or None, once


def methods_of(route: PlannedRoute) -> tuple[str, ...]:
    """The methods of a route; those of cross-origin requests ask with OPTIONS first."""
    methods: tuple[str, ...] = route.match.methods
    return (*methods, "OPTIONS") if methods and route.cors is not None and "OPTIONS" not in methods else methods


def match_of(match: PlannedMatch, methods: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """All alternatives of a match; Istio's `prefix` knows no segments, so `/api` is `/api` itself or below `/api/`."""
    for uri in _uris(match):
        yield _one(match, methods, uri)


def _uris(match: PlannedMatch) -> list[dict[str, str]]:
    if match.path is not None:
        return [{"exact": match.path}]
    if match.prefix is None or match.prefix == "/":
        return [{}]
    segment = match.prefix.rstrip("/")
    return [{"exact": segment}, {"prefix": f"{segment}/"}]


def _one(match: PlannedMatch, methods: tuple[str, ...], uri: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"uri": uri} if uri else {}
    if len(methods) == 1:
        found["method"] = {"exact": methods[0]}
    elif methods:
        found["method"] = {"regex": "|".join(methods)}
    if match.headers:
        found["headers"] = {name: {"exact": value} for name, value in match.headers}
    return found


def _narrowed(match: PlannedMatch, methods: tuple[str, ...], path: str) -> Iterator[dict[str, Any]]:
    """The part of a match whose path is `path`, or begins with it before a `*`."""
    wanted = {"prefix": path[:-1]} if path.endswith("*") else {"exact": path}
    for uri in _uris(match):
        both = _both(uri, wanted)
        if both is not None:
            yield _one(match, methods, both)


def _both(one: dict[str, str], other: dict[str, str]) -> dict[str, str] | None:
    """What two conditions for a path, each exact or a prefix, let through together; None: nothing."""
    if not one:
        return other
    for first, second in ((one, other), (other, one)):
        if "exact" in first:
            value = first["exact"]
            fits = value == second["exact"] if "exact" in second else value.startswith(second["prefix"])
            return first if fits else None
    longer, shorter = sorted((one["prefix"], other["prefix"]), key=len, reverse=True)
    return {"prefix": longer} if longer.startswith(shorter) else None
