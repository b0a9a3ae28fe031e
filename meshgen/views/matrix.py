"""The fleet as a table: one row a host, one column a cluster."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from meshgen.analysis.exposure import OWN_GATEWAY
from meshgen.analysis.hosts import name_matches
from meshgen.analysis.unexposed import unexposed
from meshgen.calls.places import levels_of, named_levels, with_share
from meshgen.diagnostics import diagnose
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.diagnostics.printing import json_text
from meshgen.views.mesh import mesh_lines
from meshgen.views.reasons import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meshgen.analysis.traffic import Arrangement, Ranked
    from meshgen.calls import Call, Calls
    from meshgen.calls.model import State
    from meshgen.calls.places import Place
    from meshgen.diagnostics import Diagnostic
    from meshgen.published import Published

Form = Literal["table", "json", "markdown"]

EXPOSES = "* exposes it to the other clusters"


class Wanted(NamedTuple):
    """Which part of the table is wanted; what is empty restricts nothing."""

    hosts: tuple[str, ...] = ()
    """Names of Services, full or their first parts; `*` alone or at the end."""
    clusters: tuple[str, ...] = ()
    """Names of clusters; `*` alone or at the end."""
    only: State | None = None
    """Hosts that one of these clusters reaches so; in JSON these pairs only."""


def matrix(
    calls: Calls,
    form: Form,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    width: int | None = None,
    published: Sequence[Published] = (),
) -> str:
    """How every cluster reaches every exposed host, one row a host; ends with a line end.

    Below it each published host: whom DNS names, and whom each entry point calls; not with `only`. A cluster that
    exposes the host itself is marked with `*`. JSON has one item for each exposed host and cluster, then for each
    published host one for DNS and one for each entry point. A table that is wider than `width` columns leaves out what
    all hosts end with; one that is still wider becomes a list.
    """
    clusters = [name for name in calls.consumers if _is_wanted(name, wanted.clusters)]
    found = {
        host: row
        for host in calls.relations.by_host
        if not wanted.hosts or any(is_meant(pattern, host) for pattern in wanted.hosts)
        for row in [[calls.of(cluster)[host] for cluster in clusters]]
        if wanted.only is None or any(call.state == wanted.only for call in row)
    }
    if form == "json":
        items = (call for row in found.values() for call in row if wanted.only in (None, call.state))
        entered = _items_of_users(published, wanted) if wanted.only is None else []
        return json_text([*(_item(calls, call) for call in items), *entered]) + "\n"
    users = _of_users(published, wanted, form, width) if wanted.only is None else ""
    if not found or not clusters:
        return users or ("no service is exposed\n" if wanted == Wanted() else "no exposed service is like that\n")
    rows = [[host, *map(cell, row)] for host, row in found.items()]
    users = f"\n{users}" if users else ""
    if form == "markdown":
        return _tabulated(rows, clusters, "pipe") + users
    ending = f".svc.{calls.relations.fleet.spec.cluster_domain}"
    # Who reads it on a terminal may not know the mark; what is piped on is the table.
    marked = width is not None and any(call.exposes for row in found.values() for call in row)
    legend = f"\n{EXPOSES}\n" if marked else ""
    return _fitting(rows, clusters, ending, width) + legend + _below(calls, found, clusters) + users


def unknown_clusters(calls: Calls, names: Iterable[str]) -> list[Diagnostic]:
    """MG063 for each of the `names` without `*` that no cluster of the fleet has."""
    known = [cluster.name for cluster in calls.relations.fleet.clusters]
    return [
        diagnose(
            "MG063",
            f"the fleet has no cluster `{name}`",
            help=did_you_mean(near(name, known)) or f"It has {', '.join(f'`{cluster}`' for cluster in known)}.",
            object=f"cluster/{name}",
        )
        for name in names
        if "*" not in name and name not in known
    ]


def _of_users(published: Iterable[Published], wanted: Wanted, form: Form, width: int | None) -> str:
    """The table of published hosts; empty without any."""
    shown = _users(published, wanted)
    entries = sorted({name for host in shown for name in host.ways if _is_wanted(name, wanted.clusters)})
    if not entries:
        return ""
    rows = [[host.host, in_levels(host.entry_order), *(_entry(host, name) for name in entries)] for host in shown]
    columns = ["DNS names", *(f"from {name}" for name in entries)]
    return _tabulated(rows, columns, "pipe") if form == "markdown" else _fitting(rows, columns, "", width)


def _users(published: Iterable[Published], wanted: Wanted) -> list[Published]:
    return [host for host in published if not wanted.hosts or any(is_meant(text, host.host) for text in wanted.hosts)]


def _entry(published: Published, cluster: str) -> str:
    gateway = published.entry_point(cluster)
    if gateway is None:
        return "-"
    if gateway.drain is not None:
        return "draining"
    arrangement = published.entered_at(cluster)
    return "by route" if arrangement is None else in_levels(arrangement)


def _items_of_users(published: Iterable[Published], wanted: Wanted) -> Iterator[dict[str, Any]]:
    for host in _users(published, wanted):
        named = {"host": host.host, "publishedHost": host.setting.name}
        yield {**named, "from": "DNS", "levels": _as_levels(host.entry_order.levels)}
        for cluster in sorted(host.ways):
            gateway = host.entry_point(cluster)
            if gateway is None or not _is_wanted(cluster, wanted.clusters):
                continue
            drains = {} if gateway.drain is None else {"draining": True}
            entered = {**named, "from": cluster, **drains}
            arrangement = host.entered_at(cluster)
            if arrangement is not None:
                yield {**entered, "levels": _as_levels(arrangement.levels)}
                continue
            for route, way in zip(host.routes, host.ways[cluster], strict=True):
                yield {**entered, "service": route.host, "levels": _as_levels(way.levels)}


def in_levels(arrangement: Arrangement) -> str:
    """`c1 70 %, c2 30 %, else c3`, or `nobody`."""
    return ", else ".join(map(", ".join, named_levels(arrangement.levels))) or "nobody"


def _is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(name_matches(pattern, name) for pattern in patterns)


def is_meant(text: str, host: str) -> bool:
    """Whether a host is named by `text`: in full, by its first parts, or by a pattern."""
    return name_matches(text, host) or host.startswith(f"{text}.")


def _tabulated(rows: list[list[str]], clusters: list[str], style: str) -> str:
    from tabulate import tabulate

    return tabulate(rows, headers=["host", *clusters], tablefmt=style, disable_numparse=True) + "\n"


def _fitting(rows: list[list[str]], clusters: list[str], ending: str, width: int | None) -> str:
    table = _tabulated(rows, clusters, "simple")
    if width is None or _widest(table) <= width:
        return table
    rows = [[host.removesuffix(ending), *cells] for host, *cells in rows]
    table = _tabulated(rows, clusters, "simple")
    if _widest(table) <= width:
        return table
    indent = " " * (max(map(len, clusters)) + 4)
    lines: list[str] = []
    for host, *cells in rows:
        lines.append(host)
        for cluster, text in zip(clusters, cells, strict=True):
            start = f"  {cluster}".ljust(len(indent))
            lines += wrap(text, max(width, len(indent) + 20), initial_indent=start, subsequent_indent=indent)
    return "\n".join(lines) + "\n"


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def _below(calls: Calls, hosts: Iterable[str], clusters: Iterable[str]) -> str:
    """What a reader of the table would miss: ports that others do not get, odd meshes, Services that stayed out."""
    domain = calls.relations.fleet.spec.cluster_domain
    ports = {host: others for host in hosts if (others := ports_that_stay(calls, host))}
    lines = [f"{host}: {', '.join(others)} in its own clusters only" for host, others in ports.items()]
    lines += mesh_lines(calls.relations, clusters)
    out = {
        name.host(domain)
        for cluster, services in calls.relations.services.items()
        for name, service in services.items()
        if (why := unexposed(calls.relations, cluster, service)) is not None
        and why.why in ("cannot", "exception")
        and why.names != (OWN_GATEWAY,)
    } - set(calls.relations.by_host)
    if out:
        plural = "Service is" if len(out) == 1 else "Services are"
        lines.append(f"{len(out)} {plural} not exposed; `meshgen explain {min(out)}` says why")
    return "".join(f"{line}\n" for line in ["", *lines]) if lines else ""


def ports_that_stay(calls: Calls, host: str) -> list[str]:
    """The ports of an exposed host that pass no gateway, since they are not TCP: `UDP 53`."""
    return sorted(
        {
            f"{port.protocol} {port.port}"
            for exposure in calls.relations.by_host[host]
            for port in exposure.service.ports
            if port.protocol != "TCP"
        }
    )


def cell(call: Call) -> str:
    """One cell: `local`, `local, else c2, else c3`, `remote: c2 70 %, c3 30 %`, `not reachable`."""
    levels = ", else ".join(", ".join(map(_said, level)) for level in levels_of(call))
    beside = any(place.local for level in levels_of(call) for place in level)
    text = {
        "local": "local",
        "failover": levels if beside else f"remote: {levels}",
        "remote": f"remote: {levels}",
        "unreachable": "not reachable",
    }[call.state]
    return f"{text} *" if call.exposes else text


def _said(place: Place) -> str:
    return with_share("local" if place.local else place.cluster, place.share)


def _as_levels(levels: Iterable[Iterable[Place | Ranked]]) -> list[list[dict[str, Any]]]:
    return [[_as_json(place) for place in level] for level in levels]


def _as_json(place: Place | Ranked) -> dict[str, Any]:
    share = {} if place.share is None else {"share": round(float(place.share), 4)}
    return {"cluster": place.cluster, **share}


def _item(calls: Calls, call: Call) -> dict[str, Any]:
    return {
        "host": call.host,
        "cluster": call.consumer,
        "state": call.state,
        "sources": [source.cluster for source in call.sources],
        "levels": _as_levels(levels_of(call)),
        "exposes": call.exposes,
        "withoutPorts": ports_that_stay(calls, call.host),
        "retries": call.retries,
        "reasons": [sentence(reason) for reason in call.reasons],
    }
