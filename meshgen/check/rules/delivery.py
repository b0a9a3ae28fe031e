"""Delivery: the engine carries what the fleet says of it, and what is said leads somewhere."""

from __future__ import annotations

import re
from posixpath import normpath
from typing import TYPE_CHECKING

from meshgen.check.places import having_namespace, listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.delivery import engine
from meshgen.diagnostics.printing import masked
from meshgen.diagnostics.several import phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.language.delivery import DeliveryWave

_OBJECT = "delivery"
_OUTSIDE = re.compile(r"\.\.(/|$)")
_AT_A_HOST = re.compile(r"(https?|ssh|git)://([^/]*@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<more>.*)")
_PAGE = re.compile(r"/(-/)?(tree|blob)/|/src/branch/")
"""What follows the repository in addresses of GitHub, GitLab and Gitea."""


def beyond_the_engine(context: Context) -> Iterator[Finding]:
    """Find what the engine of the fleet would drop; what each carries stands in its module of `meshgen/delivery`."""
    declared = context.relations.fleet.spec.delivery
    planned = None if declared is None else context.delivery()
    if declared is None or planned is None:
        return
    by = engine(planned.content.engine)
    for loss in by.losses(planned.content):
        yield Finding(
            message=f"`delivery.{loss.field}` cannot be kept as it is said: {by.title} {loss.what}",
            span=declared.span(*loss.field.split(".")),
            help=loss.help,
            notes=notes((declared.span("engine"), f"the engine is `{by.name}`")),
            object=_OBJECT,
        )


def waves_without_an_engine(context: Context) -> Iterator[Finding]:
    """Find waves of clusters where no engine is there to keep their order."""
    fleet = context.relations.fleet
    waved = [cluster for cluster in fleet.clusters if cluster.wave is not None]
    if waved and fleet.spec.delivery is None:
        yield Finding(
            message=f"waves of {listed(cluster.name for cluster in waved)} are kept by an engine, and the fleet "
            "names none",
            span=waved[0].span("wave"),
            help="Say `delivery` with the engine that syncs the clusters, or leave `wave` out.",
            object=_OBJECT,
        )


def cluster_without_objects(context: Context) -> Iterator[Finding]:
    """Find clusters that get no object. Flux would delete all that they have, if it were not kept from it
    (measured, ADR 46).
    """
    declared = context.relations.fleet.spec.delivery
    if declared is None or not (kept := engine(declared.engine).of_nothing):
        return
    empty = [cluster for cluster in context.calls.consumers if not any(context.identities(cluster))]
    if empty:
        first, *more = (context.relations.cluster(name).span() for name in empty)
        yield Finding(
            message=f"{listed(empty)} {'gets' if len(empty) == 1 else 'get'} no objects: {kept}",
            span=first,
            help="Go on where they are new; where they are to have nothing, take them out of the fleet and delete what "
            "they have by hand.",
            notes=notes(*((span, "here, too") for span in more)),
            object=_OBJECT,
        )


def path_of_the_output(context: Context) -> Iterator[Finding]:
    """Find a `path` that is written otherwise than engines compare it with the files of a commit."""
    declared = context.relations.fleet.spec.delivery
    if declared is None:
        return
    written = declared.path.replace("\\", "/")
    normal = normpath(written.lstrip("/")) if written else "."
    if declared.path != normal or _OUTSIDE.match(normal):
        outside = "Write the path of the output directory from the top of the repository."
        yield Finding(
            message=f"`delivery.path` is `{declared.path}`, which is no path from the top of the repository",
            span=declared.span("path"),
            help=outside if _OUTSIDE.match(normal) else f"Write `{normal}`.",
            object=_OBJECT,
        )


def credentials_in_the_fleet(context: Context) -> Iterator[Finding]:
    """Find credentials in `repoURL`, which meshgen would write into the output. No message shows them."""
    declared = context.relations.fleet.spec.delivery
    if declared is not None and masked(declared.repo_url) != declared.repo_url:
        yield Finding(
            message="`delivery.repoURL` holds credentials, which everybody who reads the repository would have",
            span=declared.span("repoURL"),
            help="Revoke them, write the URL without them, and give the engine a Secret with others.",
            object=_OBJECT,
        )


def no_repository(context: Context) -> Iterator[Finding]:
    """Find a `repoURL` that `git clone` cannot take."""
    declared = context.relations.fleet.spec.delivery
    if declared is None or (found := _AT_A_HOST.fullmatch(declared.repo_url)) is None:
        return
    if not found["host"] or not found["path"].strip("/"):
        wrong = "names no repository at its host" if found["host"] else "names no host"
    elif found["more"]:
        wrong = f"has a `{found['more'][0]}`, as no repository's has"
    elif _PAGE.search(found["path"]):
        wrong = "is the address of a page that shows files of a repository"
    else:
        return
    yield Finding(
        message=f"`delivery.repoURL` {wrong}",
        span=declared.span("repoURL"),
        help="Write what `git clone` takes, such as `https://git.example.com/mesh/fleet.git`.",
        object=_OBJECT,
    )


def wave_of_nobody(context: Context) -> Iterator[Finding]:
    """Find revisions of waves that no cluster is in: those that are meant for them follow another one."""
    fleet = context.relations.fleet
    if fleet.spec.delivery is None:
        return
    waves = {cluster.wave for cluster in fleet.clusters}
    numbers = sorted(wave for wave in waves if wave is not None)
    for wave in fleet.spec.delivery.waves:
        if wave.wave not in waves:
            known = f"clusters are in {listed(map(str, numbers))}" if numbers else "no cluster says its `wave`"
            yield Finding(
                message=f"no cluster is in wave {wave.wave}, so nothing follows `{wave.revision}`",
                span=wave.span("wave"),
                help=f"Name a wave of clusters ({known}), or take it out.",
                object=_OBJECT,
            )


def wave_twice(context: Context) -> Iterator[Finding]:
    """Find waves that are given several revisions."""
    declared = context.relations.fleet.spec.delivery
    entries: dict[int, list[DeliveryWave]] = {}
    for wave in declared.waves if declared is not None else ():
        entries.setdefault(wave.wave, []).append(wave)
    for number, (first, *others) in entries.items():
        if others:
            yield Finding(
                message=f"wave {number} has {len(others) + 1} revisions",
                span=others[0].span("wave"),
                help="Keep the one that its clusters are to follow.",
                notes=notes(*((wave.span("wave"), "here, too") for wave in (first, *others[1:]))),
                object=_OBJECT,
            )


def waves_at_once(context: Context) -> Iterator[Finding]:
    """Find waves that follow one revision where others have their own: the engine then keeps no order."""
    declared = context.relations.fleet.spec.delivery
    planned = None if declared is None else context.delivery()
    if declared is None or planned is None or not declared.waves or any(wave_of_nobody(context)):
        return
    following: dict[str, set[int | None]] = {}
    for target in planned.content.targets:
        following.setdefault(target.revision, set()).add(target.wave)
    for revision, waves in sorted(following.items()):
        if len(waves) > 1:
            numbered = [f"wave {wave}" for wave in sorted(wave for wave in waves if wave is not None)]
            yield Finding(
                message=f"clusters of {phrase([*numbered, *(['no wave'] if None in waves else [])])} "
                f"follow `{revision}`, and are synced at once",
                span=declared.span("waves"),
                help="Give each of these waves a revision of its own, or put their clusters into one wave.",
                object=_OBJECT,
            )


def leaving_and_there(context: Context) -> Iterator[Finding]:
    """Find clusters that are said to have left, and have not."""
    fleet = context.relations.fleet
    planned = None if fleet.spec.delivery is None else context.delivery()
    if fleet.spec.delivery is None or planned is None:
        return
    if any(loss.field == "leaving" for loss in engine(planned.content.engine).losses(planned.content)):
        return
    places = {cluster.name: cluster.span("name") for cluster in fleet.clusters}
    for index, name in enumerate(fleet.spec.delivery.leaving):
        if name in places:
            yield Finding(
                message=f"`{name}` is leaving, and is a cluster of the fleet",
                span=fleet.spec.delivery.span("leaving", index),
                help="Take it out of `clusters` in the commit that it leaves with, or out of `leaving` if it stays.",
                notes=notes((places[name], "it is synced as before")),
                object=_OBJECT,
            )


def gate_among_others(context: Context) -> Iterator[Finding]:
    """Find a gate in a namespace that is not its own: what holds there would decide whether a cluster is well."""
    relations = context.relations
    declared = relations.fleet.spec.delivery
    if declared is None or declared.gate is None:
        return
    others = list(having_namespace(relations, declared.gate.namespace))
    canary = relations.fleet.spec.canary
    if canary is not None and canary.namespace == declared.gate.namespace:
        others.append(("the canary", canary.span("namespace")))
    if others:
        (whose, _), *_ = others
        yield Finding(
            message=f"the gate's namespace `{declared.gate.namespace}` is that of {whose}",
            span=declared.gate.span("namespace"),
            help="Give the gate a namespace of its own, such as `meshgen-gate`, and let no workspace name it.",
            notes=notes(*((place, f"of {other}") for other, place in others)),
            object=_OBJECT,
        )


def wave_without_a_gate(context: Context) -> Iterator[Finding]:
    """Find waves that later ones wait for, and in which the gate asks nothing: they are well once they are applied."""
    relations = context.relations
    declared = relations.fleet.spec.delivery
    planned = None if declared is None or declared.gate is None else context.delivery()
    if declared is None or declared.gate is None or planned is None or len(planned.content.waves) == 1:
        return
    for wave in planned.content.waves[:-1]:
        names = [target.cluster for target in planned.content.targets if target.wave == wave]
        if all(name in context.calls.consumers and context.planned(name).gate is None for name in names):
            first, *more = (relations.cluster(name).span("wave") for name in names)
            yield Finding(
                message=f"the gate asks nothing in wave {wave}: its clusters call nothing that they and waves before "
                "them serve to all namespaces",
                span=first,
                help="Put clusters first that call what is served in their own wave or before it.",
                notes=notes(
                    *((span, "in this wave, too") for span in more), (declared.gate.span(), "what would ask them")
                ),
                object=_OBJECT,
            )


RULES = (
    Rule("MG700", "error", "a delivery that the engine cannot keep", "0.1", beyond_the_engine),
    Rule("MG701", "warning", "waves of clusters, and no engine", "0.1", waves_without_an_engine),
    Rule("MG702", "error", "a path of the output that engines do not find", "0.1", path_of_the_output),
    Rule("MG703", "error", "credentials in the URL of a repository", "0.1", credentials_in_the_fleet),
    Rule("MG704", "error", "a URL that names no repository", "0.1", no_repository),
    Rule("MG705", "error", "a revision for a wave without clusters", "0.1", wave_of_nobody),
    Rule("MG706", "error", "a wave with several revisions", "0.1", wave_twice),
    Rule("MG707", "warning", "waves that are synced at once", "0.1", waves_at_once),
    Rule("MG708", "warning", "a cluster that is leaving and still there", "0.1", leaving_and_there),
    Rule("MG709", "error", "a gate in a namespace of others", "0.1", gate_among_others),
    Rule("MG711", "hint", "a wave in which the gate asks nothing", "0.1", wave_without_a_gate),
    Rule("MG720", "warning", "a cluster that gets no objects", "0.1", cluster_without_objects),
)
