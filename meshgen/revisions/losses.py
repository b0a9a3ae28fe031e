"""No change takes the last endpoint of a host from a consumer, or its failover, without a word (design §3)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from meshgen.calls import Reason
from meshgen.diagnostics import Note
from meshgen.diagnostics.codes import diagnose
from meshgen.diagnostics.several import all_of
from meshgen.plan.diff import Use
from meshgen.revisions.causes import causes, host_drained

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from meshgen.calls import Calls
    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.plan.diff import Loss
    from meshgen.plan.reach import Reach
    from meshgen.revisions.causes import Cause

_MOST_PLACES = 8
"""Of so many hosts the places are shown; the message names all."""


class Lost(NamedTuple):
    """A loss, how the call was reached before, and by what that is known."""

    loss: Loss
    old: Reach
    by: str


_Effect = tuple[str, tuple[int, ...], tuple[str, ...]]
"""What is lost, which ports, and by whom."""


class Told(NamedTuple):
    """Findings, and the hosts of which they say that somebody has no endpoint left."""

    findings: list[Diagnostic]
    ended: frozenset[str]


def unannounced(found: Iterable[Lost], calls: Calls, cut: Mapping[Use, str]) -> Told:
    """Find what consumers lose and the fleet has not announced: one MG656 for each cause, or causes together.

    A service that is drained takes the last endpoint of some with a word, too, but that is what the word is for: MG659.

    `calls`: of the fleet that is built. `cut`: what MG650 reports already.
    """
    by_cause: dict[tuple[Cause, ...], list[Lost]] = defaultdict(list)
    drained: dict[tuple[Cause, ...], list[Lost]] = defaultdict(list)
    gone = {use.gateway.cluster for use in cut} - calls.relations.facts.keys()
    closed = {(use.gateway.cluster, use.host) for use in cut}
    for lost in found:
        loss = lost.loss
        if loss.consumer in gone or _reported(loss, cut, closed):
            continue
        why = causes(calls, loss, lost.old)
        if any(not (cause.given_up if loss.kind == "last" else cause.meant) for cause in why):
            by_cause[why].append(lost)
        elif loss.kind == "last" and host_drained(calls.relations, loss.host):
            drained[why].append(lost)
    findings = [
        _finding("MG656", why, by_cause[why], calls, _help(why, by_cause[why]))
        for why in sorted(by_cause, key=_by_cluster)
    ]
    findings += [
        _finding("MG659", why, drained[why], calls, "Keep it active as long as something calls it there.")
        for why in sorted(drained, key=_by_cluster)
    ]
    told = (lost.loss for of_one in (*by_cause.values(), *drained.values()) for lost in of_one)
    return Told(findings, frozenset(loss.host for loss in told if loss.kind == "last"))


def _by_cluster(why: tuple[Cause, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [cause.sort_key for cause in why]


def _reported(loss: Loss, cut: Mapping[Use, str], closed: Collection[tuple[str, str]]) -> bool:
    """Whether MG650 names all that a loss comes from."""
    if not loss.gateways and not loss.own:
        return False
    own = not loss.own or (loss.consumer, loss.host) in closed
    return own and all(Use(loss.consumer, loss.host, gateway) in cut for gateway in loss.gateways)


def _finding(code: str, why: tuple[Cause, ...], found: list[Lost], calls: Calls, way: str) -> Diagnostic:
    consumers: dict[tuple[str, tuple[int, ...], str], list[str]] = defaultdict(list)
    for loss, _, _ in found:
        consumers[loss.kind, loss.ports, loss.host].append(loss.consumer)
    effects: dict[_Effect, list[str]] = defaultdict(list)
    for (kind, ports, host), names in sorted(consumers.items()):
        effects[kind, ports, tuple(sorted(names))].append(host)
    told = "; ".join(_effect(*effect, hosts) for effect, hosts in sorted(effects.items(), key=_worst_first))
    known = " and ".join(dict.fromkeys(lost.by for lost in found))
    places = [(cause.span, str(cause)) for cause in why if cause.span is not None]
    hosts = list(dict.fromkeys(lost.loss.host for lost in found))
    if len(hosts) <= _MOST_PLACES:
        places += [(span, f"`{host}`") for host, span in _settings(hosts, calls)]
    return diagnose(
        code,
        f"{told}: {' and '.join(dict.fromkeys(map(str, why)))}, as of {known}",
        span=places[0][0] if places else None,
        help=way,
        notes=tuple(Note(span, text) for span, text in dict(places[1:]).items() if span != places[0][0]),
        object=f"cluster/{why[0].reason.cluster}",
    )


def _worst_first(item: tuple[_Effect, list[str]]) -> tuple[object, ...]:
    (kind, ports, consumers), hosts = item
    return ("last", "failover", "port").index(kind), ports, consumers, hosts


def _effect(kind: str, ports: tuple[int, ...], consumers: tuple[str, ...], hosts: list[str]) -> str:
    who, what = all_of(consumers), all_of(hosts)
    its = "its" if len(consumers) == 1 else "their"
    if kind == "last":
        return f"{who} would lose {its} last endpoint for {what}"
    if kind == "failover":
        return f"{who} would lose {its} failover for {what}"
    return f"{who} would lose {'port' if len(ports) == 1 else 'ports'} {all_of(map(str, ports))} of {what}"


def _help(why: tuple[Cause, ...], found: list[Lost]) -> str:
    """The way to go: draining is none where it would take the last endpoint, too."""
    kinds = {lost.loss.kind for lost in found}
    last = all_of(sorted({lost.loss.consumer for lost in found if lost.loss.kind == "last"}) or [""])
    switch = "`--allow-withdrawal` if nothing calls it"
    if kinds == {"port"}:
        return f"Keep the port on every source until nothing calls it; {switch}."
    if any(cause.reason == Reason("no cluster", lost.loss.consumer) for cause in why for lost in found):
        return f"Keep it, with `state: draining`, build and sync everywhere, then remove it; {switch}."
    if "last" in kinds:
        keep = "Keep one source active" if all(cause.draining for cause in why) else "Put it back"
        return (
            f"{keep}, or give {last} another source first; to let it go, set `state: draining` on the service itself, "
            f"build and sync everywhere, then remove it; {switch}."
        )
    return (
        "Put it back; to take it away, first set `state: draining` (on a Service in an inventory `state: leaving`), "
        "build and sync everywhere; `--allow-withdrawal` if it is gone for good."
    )


def _settings(hosts: Iterable[str], calls: Calls) -> Iterator[tuple[str, Span]]:
    """Where the fleet exposes hosts by name."""
    for host in hosts:
        for exposure in calls.relations.by_host.get(host, ())[:1]:
            span = exposure.setting.span("host") if exposure.setting else None
            if span is not None:
                yield host, span
