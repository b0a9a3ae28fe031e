"""What a sync costs that comes before another one: a gateway that closes too early, or opens too late (ADR 48)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import all_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.language.fleet import Fleet
    from meshgen.revisions.order import Hazard
    from meshgen.revisions.runs import Run
    from meshgen.revisions.waves import Gap, When


def overtaken(found: Iterable[Hazard], runs: Sequence[Run], fleet: Fleet, gone: Container[str]) -> Iterator[Diagnostic]:
    """Find ingress gateways that edge gateways still call (MG661), and consumers left with nobody on the way (MG660).

    `runs`: the earlier revisions; `gone`: objects of published hosts that users lose altogether (MG838).
    """
    withdrawn: dict[tuple[str, str], list[Hazard]] = defaultdict(list)
    cut: dict[str, list[Hazard]] = defaultdict(list)
    for hazard in found:
        if hazard.published and hazard.withdrawn:
            if _object(fleet, hazard.host, published=True) not in gone:
                withdrawn[hazard.host, f"{hazard.source.namespace}/{hazard.source.name}"].append(hazard)
        elif hazard.cut and (not hazard.withdrawn or hazard.under):
            cut[hazard.host].append(hazard)
    for (host, gateway), hazards in sorted(withdrawn.items()):
        yield _withdrawn(host, gateway, hazards, fleet)
    for host, hazards in sorted(cut.items()):
        yield _cut(host, hazards, runs, fleet)


def _withdrawn(host: str, gateway: str, hazards: Sequence[Hazard], fleet: Fleet) -> Diagnostic:
    sources, edges = _names(each.source.cluster for each in hazards), _names(each.consumer for each in hazards)
    astray = all(each.astray for each in hazards)
    what = f"lead some requests for `{host}` to a service that is not there" if astray else f"no longer let `{host}` in"
    return diagnose(
        "MG661",
        f"gateway `{gateway}` of {all_of(sources)} would {what}, but the edge gateways of {all_of(edges)} still call "
        f"it there, as of {_known(hazards)}",
        span=_place(fleet, host),
        help=f"Set `draining: {{names: [{', '.join(sources)}]}}` on the published host, build and sync everywhere, "
        "then take it out; `--allow-withdrawal` if nobody calls it.",
        object=_object(fleet, host, published=True),
    )


def _cut(host: str, hazards: Sequence[Hazard], runs: Sequence[Run], fleet: Fleet) -> Diagnostic:
    """Whom nobody may answer for a while, although somebody does before and after."""
    early = [each for each in hazards if each.withdrawn]
    late = [each for each in hazards if not each.withdrawn]
    consumers, sources = _names(each.consumer for each in hazards), _names(each.source.cluster for each in hazards)
    who = f"the edge gateways of {all_of(consumers)}" if hazards[0].published else all_of(consumers)
    if late:
        since = " and ".join(dict.fromkeys(runs[each.source_runs].name for each in late))
        what = "answer all of it" if any(each.astray for each in late) else "let it in"
        why = f"{all_of(sources)} {'does' if len(sources) == 1 else 'do'} not {what} before syncing, as of {since}"
    else:
        why = f"{all_of(sources)} {'lets' if len(sources) == 1 else 'let'} its shares in no more, as of {_known(early)}"
    return diagnose(
        "MG660",
        f"nobody may answer {who} for `{host}` while clusters sync: {why}",
        span=_place(fleet, host),
        help="Make it two changes, each built and synced everywhere: first what comes, then what goes; "
        "`meshgen diff --split` shows them. `--allow-withdrawal` if nobody calls it.",
        object=_object(fleet, host, published=hazards[0].published),
    )


_WHEN: dict[When, str] = {
    "rules": "rules are synced before routes",
    "beside": "aliases and entries are synced in any order, before routes",
    "entries": "entries are synced before routes",
    "prunes": "what goes is pruned in any order, also routes",
    "at once": "what goes is pruned right after the change of the routes",
    "warm": "proxies may have the routes before what comes with them",
    "labels": "routes are synced before entries",
}


def between_waves(found: Iterable[tuple[Gap, str]], fleet: Fleet) -> Iterator[Diagnostic]:
    """Find what requests do not find while clusters sync, one finding for each host: MG662."""
    by_host: dict[str, dict[Gap, str]] = defaultdict(dict)
    for gap, by in found:
        by_host[gap.host].setdefault(gap, by)
    for host, missing in sorted(by_host.items()):
        clusters = _names(gap.cluster for gap in missing)
        what = _names(gap.what for gap in missing)
        why = " and ".join(dict.fromkeys(_WHEN[gap.when] for gap in missing))
        yield diagnose(
            "MG662",
            f"while {all_of(clusters)} {'syncs' if len(clusters) == 1 else 'sync'}, requests for `{host}` may find "
            f"nothing, as of {' and '.join(dict.fromkeys(missing.values()))}: {why} to {all_of(what)}",
            span=_place(fleet, host),
            help=_later(missing),
            object=_object(fleet, host, published=all(gap.published for gap in missing)),
        )


def _later(gaps: Iterable[Gap]) -> str:
    """How to lose no request."""
    accept = "or accept some failed requests during the sync."
    kinds = {(gap.when, gap.of_alias) for gap in gaps}
    if kinds == {("warm", True)}:
        return (
            "Let a commit before have the aliases: `aliases: true` in `traffic`, beside the new `weights` and the mode "
            f"as it was; build and sync it everywhere, then make the change; {accept}"
        )
    if kinds <= {("labels", True), ("warm", True)}:
        return f"Give the own copies a share; {accept}"
    keep = "Let a commit keep what goes beside what takes its place"
    if kinds == {("at once", True)}:
        keep = "Let a commit keep the aliases: `aliases: true` in `traffic`, beside `weights` as they were"
    return f"{keep}, build and sync it everywhere, then take it away; {accept}"


def _known(hazards: Iterable[Hazard]) -> str:
    return " and ".join(dict.fromkeys(each.by for each in hazards))


def _names(found: Iterable[str]) -> list[str]:
    return sorted(set(found))


def _object(fleet: Fleet, host: str, *, published: bool) -> str:
    names = [each.name for each in fleet.published_hosts if each.hostname == host]
    return f"publishedHost/{names[0] if names else host}" if names or published else host


def _place(fleet: Fleet, host: str) -> Span | None:
    """Where the fleet says something of a host."""
    for published in fleet.published_hosts:
        if published.hostname == host:
            return published.span()
    for workspace in fleet.workspaces:
        for setting in workspace.exposed_services or ():
            if setting.host == host:
                return setting.span("host")
    return fleet.spec.span()
