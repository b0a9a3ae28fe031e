"""Withdrawing is two commits: first no one uses an exposure, then it goes (design §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.hosts import namespace_matches, parse_host
from meshgen.diagnostics import Cause
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import NAMES, all_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.language.fleet import Fleet
    from meshgen.plan.diff import Use
    from meshgen.plan.model import Plan


def withdrawn(
    used: Mapping[Use, str], last: Container[tuple[str, str]], plan: Plan, fleet: Fleet
) -> Iterator[Diagnostic]:
    """One MG650 for each host, gateway or cluster that goes while it is in use.

    `used`: what is closed. `last`: (consumer, host) of those that are left with no endpoint.
    """
    lost: dict[tuple[str, str], list[Use]] = {}
    for use in used:
        lost.setdefault(_gone(use, plan, fleet), []).append(use)
    for (kind, name), uses in sorted(lost.items()):
        consumers = _names(use.consumer for use in uses)
        sources = _names(use.gateway.cluster for use in uses)
        hosts = _names(use.host for use in uses)
        call = "calls" if len(consumers) == 1 else "call"
        message = {
            "cluster": f"cluster `{name}` is no longer in the fleet",
            "gateway": f"gateway `{name}` of {all_of(sources)} is no longer in the fleet",
            "host": f"`{name}` would no longer be exposed by {all_of(sources)}",
        }[kind]
        what = "it" if kind == "host" else all_of(hosts)
        known = " and ".join(dict.fromkeys(used[use] for use in uses))
        yield diagnose(
            "MG650",
            f"{message}, but {all_of(consumers)} still {call} {what} there, as of {known}",
            span=_place(fleet, kind, uses[0]),
            help=_help(kind, sorted({use.consumer for use in uses if (use.consumer, use.host) in last})),
            object=name if kind == "host" else f"{kind}/{name}",
            cause=Cause(
                f"{NAMES} would no longer be exposed by {all_of(sources)}, but {all_of(consumers)} still {call} them "
                f"there, as of {known}",
                f"fleet/{fleet.name}",
                f"`{name}`",
                f"`{name}`",
            )
            if kind == "host"
            else None,
        )


def _gone(use: Use, plan: Plan, fleet: Fleet) -> tuple[str, str]:
    """What went, so that the use is cut: its cluster, its gateway, or only its host."""
    gateway = use.gateway
    if all(cluster.name != gateway.cluster for cluster in fleet.clusters):
        return "cluster", gateway.cluster
    if gateway not in plan.exposed:
        return "gateway", f"{gateway.namespace}/{gateway.name}"
    return "host", use.host


def _help(kind: str, last: list[str]) -> str:
    """The way to go; to drain a cluster is none for those whose last endpoint that would take (MG656)."""
    rest = "build and sync everywhere, then remove it; `--allow-withdrawal` if nothing calls it."
    if kind == "host" or not last:
        given = "`{host: …, state: draining}`" if kind == "host" else "`state: draining`"
        return f"Put it back with {given} (or `state: leaving` in the inventory), {rest}"
    where = f"on the services themselves where nothing else answers {all_of(last)}"
    return f"Put it back with `state: draining`, {where}, {rest}"


def _names(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _place(fleet: Fleet, kind: str, use: Use) -> Span | None:
    """Where the fleet would have to say something: its clusters, or the workspace of the host, if it is still there."""
    if kind == "cluster":
        return fleet.spec.key_span("clusters")
    name = parse_host(use.host, fleet.spec.cluster_domain)
    for workspace in fleet.workspaces:
        patterns = workspace.namespace_selector.names
        if name and any(namespace_matches(pattern, use.gateway.cluster, name.namespace) for pattern in patterns):
            if kind == "gateway":
                return workspace.key_span("eastWestGateway") or workspace.span("name")
            listed = (setting.span("host") for setting in workspace.exposed_services or () if setting.host == use.host)
            field = "exposedServices" if workspace.unexposed_services is None else "unexposedServices"
            return next(listed, workspace.key_span(field))
    return fleet.spec.span()
