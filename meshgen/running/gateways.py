"""The gateways that calls of a cluster lead to: does each address answer for each host, as whom, under which root."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshgen.diagnostics import diagnose
from meshgen.diagnostics.model import Cause
from meshgen.diagnostics.several import all_of
from meshgen.plan.reach import Reaches
from meshgen.running.dial import Dial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from meshgen.calls import Calls
    from meshgen.diagnostics import Diagnostic, Span
    from meshgen.running.dial import Answer

_AT_ONCE = 16
_SPIFFE = "spiffe://"
_REASONS = {
    "closes": (
        "it does not let the host in, or knows no pod of it",
        "it does not let them in, or knows no pods of them",
    ),
    "does not answer": ("what stands behind it hangs", "what stands behind it hangs"),
}
"""What becomes of connections → why: for one host, for several."""


@dataclass(frozen=True, slots=True)
class Question:
    """An endpoint of a host, and who may answer there."""

    host: str
    source: str
    dial: Dial
    accepted: frozenset[str] | None
    """Identities, without `spiffe://`, that clients accept; None: they accept all, or nobody knows."""
    place: Span | None
    """The host in the fleet."""
    gateway_place: Span | None
    """Where the address stands."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking."""

    findings: tuple[Diagnostic, ...]
    dead: frozenset[str]
    """Addresses with ports where nobody takes connections."""
    addresses: int
    """How many were dialled."""


def questions(calls: Calls, cluster: str) -> Iterator[Question]:
    """One for each host, alias, port and address of another cluster that clients of `cluster` are sent to."""
    reaches = Reaches(calls)
    for call in calls.of(cluster).values():
        item = call.imports[-1] if call.imports else None
        if item is None or not item.takes:
            continue
        accepted = reaches.at(cluster, call.host).accepted
        sources = {source.cluster: source for source in item.sources}
        for endpoint in item.endpoints:
            source = sources[endpoint.source]
            place = source.setting.span() if source.setting is not None else source.workspace.span()
            address = endpoint.address or source.reach.by_name
            for host in (call.host, *(route.host for route in item.routes)):
                for port in item.ports:
                    if address is not None and port.protocol == "TCP":
                        yield Question(
                            host=host,
                            source=endpoint.source,
                            dial=Dial(address, endpoint.port, f"outbound_.{port.port}_._.{host}"),
                            accepted=accepted,
                            place=place,
                            gateway_place=source.reach.span() or place,
                        )


def ask(cluster: str, asked: Iterable[Question], answer: Callable[[Dial], Answer]) -> Asked:
    """Ask all questions, each address first once, so that a dead one is waited for once. `answer` dials."""
    by_address: dict[str, list[Question]] = defaultdict(list)
    for question in asked:
        by_address[question.dial.at].append(question)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        firsts = [each[0] for each in by_address.values()]
        first = dict(zip(firsts, pool.map(answer, [question.dial for question in firsts]), strict=True))
        dead = {question.dial.at for question, got in first.items() if got.refused}
        rest = [question for at, each in by_address.items() if at not in dead for question in each[1:]]
        got = first | dict(zip(rest, pool.map(answer, [question.dial for question in rest]), strict=True))
    return Asked(tuple(_findings(cluster, got)), frozenset(dead), len(by_address))


def _findings(cluster: str, got: dict[Question, Answer]) -> Iterator[Diagnostic]:
    refused: set[str] = set()
    lost: dict[tuple[str, str, str], list[Question]] = defaultdict(list)
    wrong: dict[tuple[str, str, tuple[str, ...]], Question] = {}
    untrusted: dict[tuple[str, str], Question] = {}
    for question, answer in got.items():
        about = (question.source, question.host)
        if answer.refused and question.dial.at not in refused:
            refused.add(question.dial.at)
            yield _dead(question, answer.refused)
        elif answer.lost:
            lost[(*about, answer.lost)].append(question)
        elif answer.trusted is False:
            untrusted.setdefault(about, question)
        elif answer.identities is not None and question.accepted is not None:
            names = tuple(name.removeprefix(_SPIFFE) for name in answer.identities)
            if not question.accepted.intersection(names):
                wrong.setdefault((*about, names), question)
    yield from (_lost(each, how) for (_, _, how), each in lost.items())
    yield from (_wrong(question, names) for (_, _, names), question in wrong.items())
    yield from (_untrusted(cluster, question) for question in untrusted.values())


def _dead(question: Question, why: str) -> Diagnostic:
    return diagnose(
        "MG775",
        f"nobody takes connections at `{question.dial.at}`, a gateway of `{question.source}`: {why}",
        question.gateway_place,
        "See whether its pods run and its Service has this address (`kubectl get service`), and import the inventory "
        "if it moved; if only this machine cannot reach it, run `meshgen verify` elsewhere or with `--no-dial`.",
        object=f"cluster/{question.source}",
    )


def _lost(asked: Sequence[Question], how: str) -> Diagnostic:
    question, (why, why_all) = asked[0], _REASONS[how]
    at = all_of(dict.fromkeys(each.dial.at for each in asked))
    return diagnose(
        "MG776",
        f"the gateway of `{question.source}` at {at} {how} connections for `{question.host}`: {why}",
        question.place,
        f"Run `meshgen verify --cluster {question.source}`, with the config dump of a pod of the gateway: it tells "
        "which of the two.",
        object=f"{question.source}/{question.host}",
        cause=Cause(
            f"the gateway of `{question.source}` at {at} {how} connections for {{names}}: {why_all}",
            f"cluster/{question.source}",
            f"`{question.host}`",
            "this host",
        ),
    )


def _wrong(question: Question, names: Sequence[str]) -> Diagnostic:
    who = all_of(names) if names else "nobody that the mesh knows"
    accepted = all_of(sorted(question.accepted or ())) or "nobody"
    return diagnose(
        "MG777",
        f"`{question.host}` in `{question.source}` is answered by {who}, and clients accept {accepted}",
        question.place,
        "If the pods run under another account now, import the inventory of that cluster, build and sync; else find "
        "out whose pods the Service selects.",
        object=f"{question.source}/{question.host}",
    )


def _untrusted(cluster: str, question: Question) -> Diagnostic:
    return diagnose(
        "MG778",
        f"who answers for `{question.host}` in `{question.source}` has a certificate of another root than `{cluster}` "
        "trusts",
        question.place,
        "Give both clusters intermediate certificates of one root (`cacerts`), and restart the pods that still have "
        "old ones.",
        object=f"{question.source}/{question.host}",
        cause=Cause(
            f"who answers for {{names}} in `{question.source}` has a certificate of another root than `{cluster}` "
            "trusts",
            f"cluster/{question.source}",
            f"`{question.host}`",
            "this host",
        ),
    )
