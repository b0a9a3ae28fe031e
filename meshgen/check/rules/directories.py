"""What stands in which directory of the fleet: each team writes what is its own."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.hosts import name_matches
from meshgen.check.places import listed, notes
from meshgen.check.rule import Finding, Rule
from meshgen.diagnostics.near import did_you_mean, near

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.check.context import Context
    from meshgen.diagnostics import Span
    from meshgen.language.base import Item
    from meshgen.language.directories import FleetDirectory
    from meshgen.language.fleet import Fleet

_ARTICLES = {"Inventory": "an"}


class _Defined(NamedTuple):
    """One thing that the fleet defines, as a document or in a list."""

    kind: str
    name: str
    place: Span
    workspace: str | None = None
    """The workspace that it is, or speaks for."""

    @property
    def object(self) -> str:
        return f"{self.kind[:1].lower()}{self.kind[1:]}/{self.name}"


def foreign_kind(context: Context) -> Iterator[Finding]:
    """Find what `kinds` of its directory leaves out: a cluster in the directory of a team."""
    fleet = context.relations.fleet
    for defined, directory in _governed(fleet):
        if directory.kinds is None or defined.kind in directory.kinds:
            continue
        article = _ARTICLES.get(defined.kind, "a")
        kinds = listed(directory.kinds) or "nothing"
        yield Finding(
            message=f"{_below(directory)} may hold {kinds}, but this is {article} `{defined.kind}`",
            span=defined.place,
            help=f"Move it where it belongs, or have the owner of the fleet add `{defined.kind}` to `kinds` there.",
            notes=notes((directory.span("kinds"), "said here")),
            object=defined.object,
        )


def foreign_workspace(context: Context) -> Iterator[Finding]:
    """Find workspaces, and published hosts of workspaces, that `workspaces` of their directory leaves out."""
    fleet = context.relations.fleet
    for defined, directory in _governed(fleet):
        if directory.workspaces is None or defined.workspace is None:
            continue
        if _covered(defined.workspace, directory.workspaces):
            continue
        what = "a workspace" if defined.kind == "Workspace" else "the host of a workspace"
        yield Finding(
            message=f"workspace `{defined.workspace}` does not belong to {_below(directory)}: this is {what} of others",
            span=defined.place,
            help=f"Give it a name that is allowed there ({listed(directory.workspaces) or 'none is'}), or have the "
            "owner of the fleet add it to `workspaces` there.",
            notes=notes((directory.span("workspaces"), "said here")),
            object=defined.object,
        )


def idle_directory(context: Context) -> Iterator[Finding]:
    """Find items of `directories` below which nothing stands: they restrict nothing, whatever their author thinks."""
    fleet = context.relations.fleet
    if not fleet.spec.directories:
        return
    there = {above for defined in _defined(fleet) for above in _upwards(_relative(fleet, defined.place.file))}
    for directory in fleet.spec.directories:
        if directory.path not in there:
            yield Finding(
                message=f"nothing of the fleet stands below `{directory.path}`, so the item restricts nothing",
                span=directory.span("path"),
                help=did_you_mean(near(directory.path, sorted(there - {"."})))
                or "Write a path below the directory of the fleet, or remove the item.",
                object=f"directory/{directory.path}",
            )


def directory_twice(context: Context) -> Iterator[Finding]:
    """Find paths that stand twice in `directories`."""
    first: dict[str, FleetDirectory] = {}
    for directory in context.relations.fleet.spec.directories:
        known = first.setdefault(directory.path, directory)
        if known is not directory:
            yield Finding(
                message=f"directory `{directory.path}` stands twice",
                span=directory.span("path"),
                help="Make one item of the two.",
                notes=notes((known.span("path"), "the first one is here")),
                object=f"directory/{directory.path}",
            )


def _governed(fleet: Fleet) -> Iterator[tuple[_Defined, FleetDirectory]]:
    """Everything below an item of `directories`, with the item of the longest path."""
    known = {directory.path: directory for directory in reversed(fleet.spec.directories)}
    if not known:
        return
    for defined in _defined(fleet):
        above = _upwards(_relative(fleet, defined.place.file))
        found = next((known[path] for path in above if path in known), None)
        if found is not None:
            yield defined, found


def _defined(fleet: Fleet) -> Iterator[_Defined]:
    spec = fleet.spec
    items: list[tuple[str, str, Item, str | None]] = [("Fleet", fleet.name, spec, None)]
    items += [("Cluster", each.name, each, None) for each in fleet.clusters]
    items += [("Gateway", each.name, each, None) for each in fleet.gateways]
    items += [("Workspace", each.name, each, each.name) for each in fleet.workspaces]
    items += [("PublishedHost", each.name, each, each.workspace) for each in fleet.published_hosts]
    items += [("Inventory", each.name, each, None) for each in fleet.inventories.values()]
    for kind, name, item, workspace in items:
        place = item.span("name")
        if place is not None:
            yield _Defined(kind, name, place, workspace)


def _relative(fleet: Fleet, file: str) -> str:
    """The path of a file below the directory of the fleet."""
    return file.removeprefix(f"{fleet.directory}/")


def _upwards(path: str) -> Iterator[str]:
    """A path and all directories above it, the last one `.`."""
    while path:
        yield path
        path = posixpath.dirname(path)
    yield "."


def _covered(name: str, patterns: list[str]) -> bool:
    return any(name_matches(pattern, name) for pattern in patterns)


def _below(directory: FleetDirectory) -> str:
    return "the fleet" if directory.path == "." else f"`{directory.path}`"


RULES = (
    Rule("MG730", "error", "a kind that its directory may not hold", "0.1", foreign_kind),
    Rule("MG731", "error", "a workspace in the directory of others", "0.1", foreign_workspace),
    Rule("MG732", "warning", "a restriction of a directory without files", "0.1", idle_directory),
    Rule("MG733", "error", "a directory that stands twice", "0.1", directory_twice),
)
