"""A drain from start to end: the only part that touches files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from meshgen.analysis.draining import Drain, draining
from meshgen.analysis.relations import Relations
from meshgen.diagnostics import Diagnostic, diagnose
from meshgen.diagnostics.near import did_you_mean, near
from meshgen.diagnostics.several import ordered
from meshgen.drains.change import ByHandError, drained, undrained
from meshgen.drains.items import Item, Sort, wanted_item
from meshgen.edits.target import ChangedError, Target, UnfitError
from meshgen.language.typed import typed_fleet
from meshgen.load.documents import load_texts
from meshgen.load.files import read_files
from meshgen.plan.diff import lost
from meshgen.plan.reach import Reaches
from meshgen.revisions.compile import Meaning
from meshgen.revisions.losses import Lost, unannounced
from meshgen.revisions.published import Before, taken
from meshgen.tree.findings import overruled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.diagnostics import Span
    from meshgen.language.fleet import Fleet
    from meshgen.load import Loaded

BEFORE = "what the fleet says now"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to drain, or to drain no longer: a cluster, or one item in it."""

    cluster: str
    state: Literal["draining", "active"]
    fleet: Path
    sort: Sort = "cluster"
    name: str = ""
    """Of the item; a gateway: `NAMESPACE/NAME`. Of a cluster: empty."""
    allow: bool = False
    """Whether consumers may lose what they have last."""
    dry: bool = False


@dataclass(slots=True)
class Result:
    """What came of it: errors, and then nothing was written, or two fleets and what lies between them."""

    wanted: Wanted
    findings: list[Diagnostic] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    item: Item | None = None
    file: str = ""
    old: Meaning | None = None
    new: Meaning | None = None
    """None where the file says already what is wanted."""
    still: Drain | None = None
    """What makes the item drain there although it does so no longer by its own word."""
    written: bool = False

    @property
    def failed(self) -> bool:
        """Whether an error is among the findings."""
        return any(finding.severity == "error" for finding in self.findings)


def run(wanted: Wanted) -> Result:
    """Changes the field, and writes the file unless `wanted.dry`, nothing changed or anything is wrong.

    Reading and typing have to succeed; rules are not asked, since a cluster may have to go whatever else is wrong.
    MG656 and MG838 where consumers or users lose what they have last. Raises OSError where the file cannot be written.
    """
    result = Result(wanted)
    sources, found = read_files(wanted.fleet)
    loaded, found = load_texts(sources, found)
    fleet, problems = typed_fleet(loaded)
    result.sources = dict(loaded.sources)
    result.findings = ordered([*found, *problems])
    if fleet is None or result.failed:
        return result
    result.findings = []
    item = _item(wanted, fleet, loaded)
    if isinstance(item, Diagnostic):
        result.findings = [item]
        return result
    result.item, result.file = item, item.document.file
    result.old = Meaning(Relations(fleet))
    cluster = result.old.relations.cluster(wanted.cluster)
    try:
        target = Target(Path(result.file), wanted.fleet)
        mark = _byte_order_mark(target, sources[result.file])
        text = (drained if wanted.state == "draining" else undrained)(sources[result.file], item, cluster)
    except (ChangedError, UnfitError) as error:
        result.findings = [_unfit(item, error)]
        return result
    except ByHandError as error:
        result.findings = [_by_hand(item, error)]
        return result
    if text is None:
        result.still = _still(wanted, result.old.relations)
        return result
    following, _ = load_texts({**sources, result.file: text}, [])
    then, _ = typed_fleet(following)
    if then is None:
        raise RuntimeError("the fleet cannot be read as it was written")
    result.sources = dict(following.sources)
    result.new = Meaning(Relations(then))
    result.still = _still(wanted, result.new.relations)
    result.findings = list(_losses(result.old, result.new))
    if wanted.allow:
        result.findings = [overruled(finding, "--allow-withdrawal") for finding in result.findings]
    if result.failed or wanted.dry:
        return result
    try:
        target.replace((mark + text).encode())
    except (ChangedError, UnfitError) as error:
        result.findings = [_unfit(item, error)]
        return result
    result.written = True
    return result


def _item(wanted: Wanted, fleet: Fleet, loaded: Loaded) -> Item | Diagnostic:
    names = [cluster.name for cluster in fleet.clusters]
    if wanted.cluster not in names:
        return diagnose(
            "MG063",
            f"the fleet `{wanted.fleet.as_posix()}` has no cluster `{wanted.cluster}`",
            help=did_you_mean(near(wanted.cluster, names)) or f"It has {', '.join(f'`{name}`' for name in names)}.",
            object=f"cluster/{wanted.cluster}",
        )
    return wanted_item(loaded, fleet.spec.cluster_domain, wanted.sort, wanted.name or wanted.cluster)


def _byte_order_mark(target: Target, text: str) -> str:
    """The one that the file begins with, or nothing. Raises ChangedError where the file is no longer `text`."""
    content = target.read()
    mark = next((mark for mark in ("", "\ufeff") if content == (mark + text).encode()), None)
    if mark is None:
        raise ChangedError
    return mark


def _still(wanted: Wanted, relations: Relations) -> Drain | None:
    """What says that the item drains in the cluster, but for its own `draining`."""
    named = [each for each in relations.fleet.workspaces if (wanted.sort, wanted.name) == ("workspace", each.name)]
    found = draining(relations.cluster(wanted.cluster), *named)
    own = found is not None and (found.field == "draining" or wanted.sort == "cluster")
    return None if own else found


def _losses(old: Meaning, new: Meaning) -> Iterator[Diagnostic]:
    """What consumers lose by the change and have last, or would have: as the guard of builds finds it later."""
    reaches = Reaches(new.calls)
    found = []
    for (consumer, host), reach in old.reaches().items():
        loss = lost(consumer, host, reach, reaches.at(consumer, host))
        if loss is not None:
            found.append(Lost(loss, reach, BEFORE))
    yield from unannounced(found, new.calls, {}).findings
    yield from taken([(Before(old, BEFORE),)], new.relations, new.published)


def _by_hand(item: Item, error: ByHandError) -> Diagnostic:
    return diagnose(
        "MG835",
        f"{item} cannot be changed by this command: {error}",
        _place(item),
        "Change `state` or `draining` there by hand; `meshgen diff` shows what that does.",
        object=f"{item.sort}/{item.names[0]}",
    )


def _unfit(item: Item, error: ChangedError | UnfitError) -> Diagnostic:
    why = "changed while the command ran" if isinstance(error, ChangedError) else str(error)
    return diagnose(
        "MG836",
        f"`{item.document.file}` {why}: nothing was written",
        help="Run the command again; what an editor or another command wrote is kept."
        if isinstance(error, ChangedError)
        else "Keep the item in a file of the fleet.",
        object=f"{item.sort}/{item.names[0]}",
    )


def _place(item: Item) -> Span:
    entries = item.node.entries or {}
    return entries["draining"][0] if "draining" in entries else item.node.span
