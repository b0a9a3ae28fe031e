"""What draining or undraining does, in words: the steps to take, and who answers then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from meshgen.diagnostics.printing import json_text, printable_lines
from meshgen.diagnostics.several import all_of
from meshgen.views.review import counted, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meshgen.analysis.draining import Drain
    from meshgen.drains.command import Result
    from meshgen.drains.outcome import Outcome
    from meshgen.review import Effect

Form = Literal["text", "json"]
_DNS = "_dns"
_OPTIONS = {"workspace": "--workspace", "host": "--host", "gateway": "--gateway", "service": "--service"}


def render(result: Result, outcome: Outcome | None, form: Form) -> str:
    """The result in one of the forms; ends with a line end. `outcome` is None where nothing had to change."""
    if form == "json":
        return json_text(_item(result, outcome)) + "\n"
    lines = [_head(result)]
    if result.still is not None:
        lines.append(_still(result.still, result.wanted.cluster))
    if outcome is not None:
        lines += ["", "The next builds"]
        lines += [f"{number}. {step}" for number, step in enumerate(steps(result, outcome), start=1)]
        lines += ["", "Who answers then", *(f"  {line}" for line in answers(outcome))]
    return printable_lines("\n".join(lines)) + "\n"


def _head(result: Result) -> str:
    drains = result.wanted.state == "draining"
    what = _called(result)
    if result.new is None:
        return f"{what} {'drains already' if drains else 'does not drain'}: {result.file} stays as it is"
    wrote = "wrote" if result.written else "would write"
    return f"{what} {'drains' if drains else 'drains no longer'}: {wrote} {result.file}"


def _called(result: Result) -> str:
    cluster = result.wanted.cluster
    return f"cluster `{cluster}`" if result.wanted.sort == "cluster" else f"{result.item} in `{cluster}`"


def _still(drain: Drain, cluster: str) -> str:
    place = "" if drain.span is None else f" ({drain.span.file}:{drain.span.line})"
    what = f"cluster `{cluster}`" if drain.what == "cluster" else f"the {drain.what}"
    return f"{what} is `{drain.field}: {'draining' if drain.field == 'state' else '…'}` besides{place}"


def steps(result: Result, outcome: Outcome) -> Iterator[str]:
    """What is to be done, in this order."""
    wanted = result.wanted
    if not outcome.files:
        yield "`meshgen build` changes no file."
    else:
        changed = ", ".join(f"{name} ({counted(changes)})" for name, changes in sorted(outcome.files.items()))
        yield f"`meshgen build`, and commit: {changed}."
    if outcome.synced:
        synced = f"Sync {all_of(outcome.synced)}: from then on"
        callers = " from other clusters" if outcome.hosts else ""
        if wanted.state == "active":
            yield f"{synced} `{wanted.cluster}` gets its part{callers} again."
        else:
            yield f"{synced} nothing new goes to `{wanted.cluster}`{callers}; what is under way ends."
    if _DNS in outcome.files:
        yield f"Apply what changed in `{_DNS}`, where no controller in a cluster does."
    if outcome.hosts:
        ttl = max(effect.ttl for effect in outcome.hosts)
        wait = f"{ttl} s, the TTL," if ttl else "the TTL"
        yield f"Wait {wait} once DNS answers anew for {all_of(effect.host for effect in outcome.hosts)}."
    if wanted.state == "draining":
        option = f" {_OPTIONS[wanted.sort]} {wanted.name}" if wanted.sort in _OPTIONS else ""
        yield f"Upgrade in `{wanted.cluster}`, then `meshgen undrain {wanted.cluster}{option}`, build and sync."


def answers(outcome: Outcome) -> Iterator[str]:
    """Who carries the load of each host then; one line for those with one fate."""
    if not outcome.effects:
        yield "nothing changes for those who call"
    for effect in outcome.effects:
        yield f"{all_of(effect.hosts)}: {sentence(effect)}{_then(effect)}"


def _then(effect: Effect) -> str:
    levels = [all_of(level) for level in effect.new.levels if level]
    return f" (then: {', else '.join(levels)})" if levels else ""


def _item(result: Result, outcome: Outcome | None) -> dict[str, Any]:
    wanted = result.wanted
    return {
        "cluster": wanted.cluster,
        "item": {"kind": wanted.sort, "name": wanted.name or wanted.cluster},
        "state": wanted.state,
        "file": result.file,
        "changed": result.new is not None,
        "written": result.written,
        "drainsBesides": None if result.still is None else result.still.what,
        "steps": [] if outcome is None else list(steps(result, outcome)),
        "files": {} if outcome is None else {name: dict(counts) for name, counts in sorted(outcome.files.items())},
        "traffic": []
        if outcome is None
        else [
            {
                "kind": effect.kind,
                "hosts": list(effect.hosts),
                "consumers": list(effect.consumers),
                "lost": list(effect.lost),
                "gained": list(effect.gained),
                "to": [list(level) for level in effect.new.levels],
            }
            for effect in outcome.effects
        ],
        "publishedHosts": []
        if outcome is None
        else [
            {
                "host": effect.host,
                "to": [list(level) for level in effect.levels],
                "ttl": effect.ttl or None,
            }
            for effect in outcome.hosts
        ],
    }
