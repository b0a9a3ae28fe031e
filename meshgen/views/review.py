"""A review in words: for a terminal, for a pull request, for machines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from meshgen.diagnostics.printing import json_text, printable, printable_lines
from meshgen.diagnostics.several import all_of
from meshgen.review.objects import by_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from meshgen.review import Effect, Hazard, ObjectChange, Review

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
            "safe": not found.hazards,
            "revisions": list(found.revisions),
            "hazards": [_hazard_item(found, hazard) for hazard in found.hazards],
            **({"steps": list(_steps(found))} if split else {}),
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
    }


def _order_of_syncs(found: Review, mark: str, *, split: bool) -> Iterator[str]:
    if not found.hazards:
        yield f"Safe in whatever order clusters sync, from {found.revisions[0]} on."
        return
    yield "Not safe in every order of syncs:"
    for (runs, other, source, cut), calls in _alike(found.hazards).items():
        hosts, consumers = (all_of(dict.fromkeys(names)) for names in zip(*calls, strict=True))
        gone = "lets that in no more" if other > runs else "does not let that in yet"
        end = ", and nobody else can be relied on" if cut else "; requests that may not be tried again are lost"
        yield (
            f"{mark}{_warning(mark) if cut else ''}{consumers} of {found.revisions[runs]} may call {hosts} in "
            f"`{source}`, which by {found.revisions[other]} {gone}{end}"
        )
    if split:
        yield "In steps, each built, committed and synced everywhere before the next:"
        yield from (f"{place}. {step}" for place, step in enumerate(_steps(found), start=1))
    else:
        yield "`meshgen diff --split` shows the steps that are."


def _alike(hazards: Sequence[Hazard]) -> dict[tuple[int, int, str, bool], list[tuple[str, str]]]:
    """Revisions, source and whether it cuts → (host, consumer) of the hazards that have these in common."""
    found: dict[tuple[int, int, str, bool], list[tuple[str, str]]] = {}
    for item in hazards:
        key = (item.consumer_runs, item.source_runs, item.source.cluster, item.cut)
        found.setdefault(key, []).append((item.host, item.consumer))
    return found


def _steps(found: Review) -> Iterator[str]:
    """A source that comes is exposed first and used later; one that goes is drained first and withdrawn later."""
    late = sorted({(item.source.cluster, _option(item)) for item in found.hazards if not item.withdrawn})
    early = [item for item in found.hazards if item.withdrawn]
    asleep = {(item.consumer, found.revisions[item.consumer_runs + 1]) for item in early if _let_go(item)}
    used = sorted({(item.source.cluster, _option(item)) for item in early if not _let_go(item)})
    if used:
        yield f"Before the change: {_commands('drain', used)}"
    for consumer, revision in sorted(asleep):
        yield f"Wait until `{consumer}` runs {revision}"
    yield "The change" + (f", with {_commands('drain', late)}" if late else "")
    if late:
        yield _commands("undrain", late)


def _commands(name: str, items: Iterable[tuple[str, str]]) -> str:
    """The command for each cluster and option."""
    return ", ".join(f"`meshgen {name} {cluster} {option}`" for cluster, option in items)


def _option(hazard: Hazard) -> str:
    """How `meshgen drain` is told the host."""
    return f"--host {hazard.host}" if hazard.published else f"--service {hazard.host}"


def _let_go(hazard: Hazard) -> bool:
    """Whether callers have let go of a source by the revision before the one that closes it."""
    return hazard.source_runs - hazard.consumer_runs > 1


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
