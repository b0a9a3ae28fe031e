"""A review in words: for a terminal, for a pull request, for machines."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from meshgen.diagnostics.printing import json_text, printable, printable_lines
from meshgen.diagnostics.several import all_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.review import Effect, ObjectChange, Review

Form = Literal["text", "markdown", "json"]
FORMS: tuple[Form, ...] = ("text", "markdown", "json")
LONGEST_COMMENT = 60_000
"""Characters of a comment: GitHub takes 65,536, GitLab more; what the job adds around it needs some, too."""
_CHANGES = ("added", "changed", "removed")
_MARKED = {"cut", "failoverLost"}


def review_text(found: Review) -> str:
    """The review for a terminal; ends with a line end."""
    if not found:
        return f"nothing differs between {found.old} and {found.new}\n"
    lines = [f"from {found.old} to {found.new}", "", *_traffic(found, "  "), ""]
    lines += [f"{name}: {counts}" for name, counts in _by_cluster(found.objects)]
    for item in found.objects:
        lines += ["", *item.diff]
    return printable_lines("\n".join(lines)) + "\n"


def review_markdown(found: Review, longest: int = LONGEST_COMMENT) -> str:
    """The review as a comment of at most `longest` characters; what does not fit is counted, the longest first."""
    head = f"### meshgen: from `{printable(found.old)}` to `{printable(found.new)}`\n"
    if not found:
        return f"{head}\nNothing changes in any cluster.\n"
    traffic = list(_traffic(found, "- "))
    rows = [f"| {name} | {counts} |" for name, counts in _by_cluster(found.objects)]
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


def review_json(found: Review) -> str:
    """The review as one JSON document."""
    value = {
        "from": found.old,
        "to": found.new,
        "traffic": [_effect_item(effect) for effect in found.effects],
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


def _traffic(found: Review, mark: str) -> Iterator[str]:
    if not found.effects:
        yield "Nothing changes for those who call."
        return
    for effect in found.effects:
        warning = "**!** " if effect.kind in _MARKED and mark == "- " else "! " if effect.kind in _MARKED else ""
        yield f"{mark}{warning}{all_of(effect.hosts)}: {sentence(effect)}"


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
            parts.append(
                f"{who} {loses} {all_of(effect.lost)} and {keeps} {all_of(effect.kept)}" if effect.kept else ""
            )
            if not effect.kept:
                parts[-1] = f"{who} {loses} {all_of(effect.lost)}"
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


def _by_cluster(objects: Sequence[ObjectChange]) -> Iterator[tuple[str, str]]:
    """Cluster → `2 added, 1 changed`."""
    counts: dict[str, Counter[str]] = {}
    for item in objects:
        counts.setdefault(item.cluster, Counter())[item.change] += 1
    for name, counted in sorted(counts.items()):
        yield name, ", ".join(f"{counted[change]} {change}" for change in _CHANGES if counted[change])


def _folded(objects: Sequence[ObjectChange], room: int) -> str:
    """The diffs of as many files as there is room for, the shortest first, each cluster folded."""
    blocks: dict[str, list[str]] = {}
    left = 0
    for item in sorted(objects, key=lambda item: sum(map(len, item.diff))):
        lines = "\n".join(map(printable, item.diff))
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", lines)), default=0))
        block = f"\n{fence}diff\n{lines}\n{fence}\n"
        header = 80 + len(item.cluster) if item.cluster not in blocks else 0
        if len(block) + header > room:
            left += 1
            continue
        room -= len(block) + header
        blocks.setdefault(item.cluster, []).append(block)
    text = "".join(
        f"\n<details><summary>{name}: {len(shown)} file{'' if len(shown) == 1 else 's'}</summary>\n{''.join(shown)}\n"
        "</details>\n"
        for name, shown in sorted(blocks.items())
    )
    if left:
        text += f"\n{left} file{' is' if left == 1 else 's are'} not shown: `meshgen diff` shows all.\n"
    return text


def render(found: Review, form: Form) -> str:
    """The review in one of the forms."""
    return {"text": review_text, "markdown": review_markdown, "json": review_json}[form](found)
