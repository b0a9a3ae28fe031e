"""A review in words: for a terminal, for a pull request, for machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from meshgen.diagnostics.printing import json_text, printable, printable_lines
from meshgen.diagnostics.several import all_of
from meshgen.review.objects import by_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.review import Effect, ObjectChange, Review
    from meshgen.review.split import Item, Step
    from meshgen.revisions.order import Hazard
    from meshgen.revisions.waves import Gap, When

Form = Literal["text", "markdown", "json"]
LONGEST_COMMENT = 60_000
"""Characters of a comment: GitHub takes 65,536, GitLab more; what the job adds around it needs some, too."""
_CHANGES = ("added", "changed", "removed")
_MARKED = {"cut", "failoverLost"}


def review_text(found: Review, *, split: bool = False) -> str:
    """The review for a terminal; ends with a line end. `split`: with the steps of a change that no order bears."""
    if not found:
        return f"nothing differs between {found.old} and {found.new}\n"
    lines = [
        f"from {found.old} to {found.new}",
        "",
        *_traffic(found, "  "),
        "",
        *_order_of_syncs(found, "  ", split=split),
        "",
    ]
    lines += [f"{name}: {counts}" for name, counts in _by_directory(found.objects)]
    for item in found.objects:
        lines += ["", *item.diff]
    return printable_lines("\n".join(lines)) + "\n"


def review_markdown(found: Review, longest: int = LONGEST_COMMENT, *, split: bool = False) -> str:
    """The review as a comment of at most `longest` characters; what does not fit is counted, the longest first."""
    head = f"### meshgen: from `{printable(found.old)}` to `{printable(found.new)}`\n"
    if found.broken:
        head += f"\n**!** {printable(found.new)} has errors, so this is not built: `meshgen validate` shows them.\n"
    if not found:
        return f"{head}\nNothing changes in any cluster.\n"
    traffic = [*_traffic(found, "- "), "", *_order_of_syncs(found, "- ", split=split)]
    rows = [f"| {name} | {counts} |" for name, counts in _by_directory(found.objects)]
    table = ["", "| cluster | objects |", "|---|---|", *rows] if rows else ["", "No object changes."]
    used = len(head)
    kept: list[str] = []
    for line in traffic:
        used += len(line) + 1
        if used > longest // 2:
            kept.append(f"- … and {len(traffic) - len(kept)} more: `meshgen diff` shows them all.")
            break
        kept.append(line)
    text = "\n".join([head, *kept, *table]) + "\n"
    if len(text) > longest - 200:
        return f"{head}\n" + "\n".join(kept) + f"\n\n{len(found.objects)} objects differ: `meshgen diff` shows them.\n"
    return text + _folded(found.objects, longest - len(text) - 200)


def review_json(found: Review, *, split: bool = False) -> str:
    """The review as one JSON document."""
    value = {
        "from": found.old,
        "to": found.new,
        "errors": found.broken,
        "traffic": [_effect_item(effect) for effect in found.effects],
        "order": {
            "safe": found.safe,
            "revisions": list(found.revisions),
            "hazards": [_hazard_item(found, hazard) for hazard in found.hazards],
            "gaps": [_gap_item(found, gap) for gap in found.gaps],
            **({"steps": [_step(found, step) for step in found.steps]} if split else {}),
        },
        "objects": [
            {"cluster": item.cluster, "path": item.path, "kind": item.kind, "change": item.change}
            for item in found.objects
        ],
    }
    return json_text(value) + "\n"


def _effect_item(effect: Effect) -> dict[str, Any]:
    return {
        "kind": effect.kind,
        "hosts": list(effect.hosts),
        "consumers": list(effect.consumers),
        "lost": list(effect.lost),
        "gained": list(effect.gained),
        "kept": list(effect.kept),
        "from": [list(level) for level in effect.old.levels],
        "to": [list(level) for level in effect.new.levels],
        "leavesRegion": effect.new.leaves_region,
    }


def _hazard_item(found: Review, hazard: Hazard) -> dict[str, Any]:
    return {
        "host": hazard.host,
        "consumer": hazard.consumer,
        "source": hazard.source.cluster,
        "gateway": f"{hazard.source.namespace}/{hazard.source.name}",
        "consumerRuns": found.revisions[hazard.consumer_runs],
        "sourceRuns": found.revisions[hazard.source_runs],
        "cut": hazard.cut,
        "alone": hazard.alone,
        "others": [{"cluster": cluster, "runs": found.revisions[place]} for cluster, place in hazard.others],
    }


def _gap_item(found: Review, gap: Gap) -> dict[str, Any]:
    return {
        "cluster": gap.cluster,
        "host": gap.host,
        "missing": gap.what,
        "after": gap.when,
        "from": found.revisions[gap.runs],
        "to": found.revisions[gap.to],
    }


def _order_of_syncs(found: Review, mark: str, *, split: bool) -> Iterator[str]:
    if found.safe:
        yield f"Safe in any order of syncs, for clusters that run {found.revisions[0]} or what came after it."
        return
    yield "Not safe in every order of syncs:"
    yield from (f"{mark}{_warning(mark) if bad else ''}{text}" for bad, text in _hazard_sentences(found))
    yield from (f"{mark}{text}" for text in _gap_sentences(found))
    if split:
        yield "In steps, each built, committed and synced everywhere before the next:"
        yield from (f"{place}. {_step(found, step)}" for place, step in enumerate(found.steps, start=1))
    else:
        yield "`meshgen diff --split` shows the steps that are."


def _hazard_sentences(found: Review) -> Iterator[tuple[bool, str]]:
    """Whether requests are lost, and what happens in which order."""
    alike: dict[tuple[int, int, str, bool, bool, bool, tuple[tuple[str, int], ...]], list[Hazard]] = {}
    for item in found.hazards:
        state = (item.consumer_runs, item.source_runs, item.source.cluster)
        alike.setdefault((*state, item.alone, item.published, item.astray, item.others), []).append(item)
    for (runs, other, source, alone, published, astray, others), hazards in alike.items():
        consumers = list(dict.fromkeys(item.consumer for item in hazards))
        who = all_of(consumers)
        hosts = all_of(dict.fromkeys(item.host for item in hazards))
        what = f"users' requests for {hosts} that come in at {who}" if published else f"calls for {hosts} from {who}"
        if other > runs:
            first = f"`{source}` syncs before {who}"
            door = "are still sent there, where no gateway takes them any more"
        else:
            first = f"{who} {'syncs' if len(consumers) == 1 else 'sync'} before `{source}`"
            door = "are sent there, where no gateway takes them yet"
        if astray:
            door = "are sent there, where routes lead some of them to a service that the cluster lacks"
        at = [(who, runs), (f"`{source}`", other), *((f"`{cluster}`", place) for cluster, place in others)]
        between = f" ({', '.join(f'{cluster} at {found.revisions[place]}' for cluster, place in at)})"
        told = len(found.revisions) > 2 or others  # noqa: PLR2004 - with two there is nothing to tell apart
        states = between if told else ""
        yield alone, f"if {first}{states}, {what} {door}; {'nobody else' if alone else 'somebody else'} answers"


_GONE: dict[When, str] = {
    "rules": "rules are synced before the routes that lead to it",
    "beside": "aliases and the entries that they take are synced in any order, before the routes",
    "entries": "entries are synced before the routes that lead to it",
    "prunes": "it may be pruned before the routes that lead to it",
    "at once": "it is pruned right after the change of the routes that lead to it",
    "warm": "proxies may have the routes that lead to it before they know it",
    "labels": "the routes that lead to it are synced before its entries",
}


def _gap_sentences(found: Review) -> Iterator[str]:
    for gap in found.gaps:
        yield f"while `{gap.cluster}` syncs, requests for `{gap.host}` may miss `{gap.what}`: {_GONE[gap.when]}"


def _step(found: Review, step: Step) -> str:
    """An edit of the fleet in words."""
    hosts = all_of(dict.fromkeys(item.host for item in step.items)) if step.items else ""
    drains = _commands("drain", step.items) if step.items else ""
    if step.kind == "wait":
        one = len(step.waiting) == 1
        return f"Wait until {all_of(step.waiting)} {'runs' if one else 'run'} {found.revisions[-2]}"
    if step.kind == "drainBefore":
        return f"Before the change: {drains}"
    if step.kind == "sharesBefore":
        return f"Before the change: give each cluster that has {hosts} a share"
    if step.kind == "sharesAfter":
        return f"The change, with a share of {hosts} for each cluster that has it"
    if step.kind == "aliasesBefore":
        return (
            f"Before the change: `aliases: true` in the `traffic` of {hosts}, the new `weights`, and the mode as it was"
        )
    if step.kind == "aliases":
        return f"The change, with `aliases: true` in the `traffic` of {hosts}, and `weights` as they were"
    if step.kind == "keepWay":
        return f"The change, with the old routes of {hosts} beside the new ones, under a path that nobody calls"
    if step.kind == "begin":
        kept = " and ".join(f"`{item.host}` as it was in `{item.cluster}`" for item in step.kept)
        return "The change, with " + " and ".join(each for each in (kept, drains) if each)
    if step.kind == "undrain":
        return _commands("undrain", step.items)
    if step.kind == "drain":
        return drains
    begun = any(each.kind in ("begin", "sharesAfter", "keepWay", "aliases") for each in found.steps)
    return "The rest of the change" if begun else "The change"


def _commands(name: str, items: Iterable[Item]) -> str:
    """The command for each cluster and host."""
    return ", ".join(
        f"`meshgen {name} {item.cluster} {'--host' if item.published else '--service'} {item.host}`" for item in items
    )


def _traffic(found: Review, mark: str) -> Iterator[str]:
    if not found.effects:
        yield "Nothing changes for those who call."
        return
    for effect in found.effects:
        warning = _warning(mark) if effect.kind in _MARKED else ""
        yield f"{mark}{warning}{all_of(effect.hosts)}: {sentence(effect)}"


def _warning(mark: str) -> str:
    """What a line that begins with `mark` warns with: bold where that is Markdown."""
    return "**!** " if mark == "- " else "! "


def sentence(effect: Effect) -> str:
    """What an effect is for its consumers, without a full stop."""
    who = all_of(effect.consumers)
    one = len(effect.consumers) == 1
    loses, keeps, gets = ("loses", "keeps", "gets") if one else ("lose", "keep", "get")
    parts: list[str] = []
    if effect.kind == "cut":
        parts.append(f"{who} {loses} {all_of(effect.lost)}, and nobody answers any more")
    elif effect.kind == "reachable":
        parts.append(f"{who} {'reaches' if one else 'reach'} it, in {_order(effect)}")
    elif effect.kind == "ports":
        gone = sorted(set(effect.old.ports) - set(effect.new.ports))
        parts.append(f"{who} {loses} port{'s' if len(gone) > 1 else ''} {all_of(map(str, gone))}")
    elif effect.kind == "order":
        parts.append(f"{who} {'calls' if one else 'call'} {_order(effect)}")
    else:
        if effect.lost:
            kept = f" and {keeps} {all_of(effect.kept)}" if effect.kept else ""
            parts.append(f"{who} {loses} {all_of(effect.lost)}{kept}")
        if effect.gained:
            parts.append(f"{'' if parts else f'{who} '}{gets} {all_of(effect.gained)}")
    if effect.kind == "failoverLost":
        parts.append("there is no failover any more")
    if effect.kind == "failoverGained":
        parts.append("there is failover now")
    if effect.new.leaves_region and not effect.old.leaves_region and effect.kind != "reachable":
        parts.append("calls may leave the region")
    return "; ".join(parts)


def _order(effect: Effect) -> str:
    return ", then ".join(all_of(level) for level in effect.new.levels)


def _by_directory(objects: Sequence[ObjectChange]) -> Iterator[tuple[str, str]]:
    """Directory of the output, sorted → `2 added, 1 changed`."""
    for name, changes in sorted(by_directory(objects).items()):
        yield name, counted(changes)


def counted(changes: Mapping[str, int]) -> str:
    """How many files are added, changed and removed: `2 added, 1 changed`."""
    return ", ".join(f"{changes[change]} {change}" for change in _CHANGES if change in changes)


def _folded(objects: Sequence[ObjectChange], room: int) -> str:
    """The diffs of as many files as there is room for, the shortest first, each directory folded."""
    blocks: dict[str, list[str]] = {}
    left = 0
    for item in sorted(objects, key=lambda item: sum(map(len, item.diff))):
        lines = "\n".join(map(printable, item.diff))
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", lines)), default=0))
        block = f"\n{fence}diff\n{lines}\n{fence}\n"
        header = 80 + len(item.directory) if item.directory not in blocks else 0
        if len(block) + header > room:
            left += 1
            continue
        room -= len(block) + header
        blocks.setdefault(item.directory, []).append(block)
    text = "".join(
        f"\n<details><summary>{name}: {len(shown)} file{'' if len(shown) == 1 else 's'}</summary>\n{''.join(shown)}\n"
        "</details>\n"
        for name, shown in sorted(blocks.items())
    )
    if left:
        text += f"\n{left} file{' is' if left == 1 else 's are'} not shown: `meshgen diff` shows all.\n"
    return text


def render(found: Review, form: Form, *, split: bool = False) -> str:
    """The review in one of the forms; `split`: with the steps of a change that is not safe in every order."""
    if form == "markdown":
        return review_markdown(found, split=split)
    return (review_json if form == "json" else review_text)(found, split=split)
