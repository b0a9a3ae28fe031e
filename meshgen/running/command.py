"""`meshgen verify` from start to end: what is asked, and one line about it when all is well."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from meshgen.diagnostics import diagnose
from meshgen.diagnostics.several import ordered
from meshgen.running.dump import DumpError, read_dump
from meshgen.running.expected import expected_hosts
from meshgen.running.proxies import compare_proxy

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from meshgen.calls import Calls
    from meshgen.calls.model import Sort
    from meshgen.diagnostics import Diagnostic
    from meshgen.emit.artifact import Artifact, Schema
    from meshgen.live import Access
    from meshgen.plan.model import ClusterPlan, Plan
    from meshgen.running.objects import Id

_STDIN = "-"
_NETWORKING = "networking.istio.io"
_ROOT = "istio-ca-root-cert"
"""The ConfigMap in which istiod gives the root certificates to each namespace."""
_KINDS: dict[Sort, str] = {
    "serviceEntry": "ServiceEntry",
    "stub": "Service",
    "workloadEntry": "WorkloadEntry",
    "destinationRule": "DestinationRule",
    "virtualService": "VirtualService",
    "remoteGateway": "Gateway",
}
"""What the objects that calls take are in Kubernetes."""
_ASK_PROXY = "`istioctl proxy-config all POD -n NAMESPACE -o json`"
_ASK_ISTIOD = (
    "`kubectl exec -n istio-system deploy/istiod -- pilot-discovery request GET /debug/configz`, or `/debug/syncz`"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What to verify, and how."""

    cluster: str
    access: Access | None
    """How to reach the API server; None: it is not asked."""
    dials: bool
    """Whether to connect to the gateways that the calls of the cluster lead to."""
    config_dumps: tuple[str, ...] = ()
    """Files with what proxies of the cluster know; `-`: standard input."""
    istiod_dumps: tuple[str, ...] = ()
    """Files with what istiod of the cluster says of itself."""
    seconds: float = 5
    """How long an address may take to answer."""


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    findings: list[Diagnostic] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """What was compared, one phrase each."""

    @property
    def summary(self) -> str:
        """One line."""
        return "; ".join(self.done) or "nothing was compared"


def verify_cluster(request: Request, plan: Plan, calls: Calls) -> Outcome:
    """Compare the running cluster with its plan. Raises `OSError` for a file that cannot be read.

    What follows from another finding is not said again: what a proxy knows of a host whose objects are not as planned,
    and that it avoids an address where nobody answers.
    """
    from meshgen.emit import emit

    outcome = Outcome()
    cluster_plan = next(each for each in plan.clusters if each.cluster == request.cluster)
    artifacts = [each for each in emit(plan, cluster_plan) if each.cluster == request.cluster and each.synced]
    root, wrong = _from_api(request, plan, calls, artifacts, outcome)
    wrong = wrong | _from_istiod(request, artifacts, wrong, outcome)
    dead = _from_gateways(request, calls, root, outcome)
    _from_proxies(request, cluster_plan, calls, _broken(artifacts, wrong), dead, outcome)
    outcome.findings = ordered(outcome.findings)
    return outcome


def _from_api(
    request: Request, plan: Plan, calls: Calls, artifacts: Sequence[Artifact], outcome: Outcome
) -> tuple[str, set[Id]]:
    """The root certificates that pods of the cluster trust, and the objects that are not as planned."""
    from meshgen.live import LiveError, connect
    from meshgen.live.errors import NotFoundError
    from meshgen.running.objects import compare_objects

    if request.access is None:
        return "", set()
    root = ""
    try:
        with connect(request.access) as api:
            compared = compare_objects(api, request.cluster, artifacts, kinds(plan.platform))
            if request.dials:
                namespace = calls.relations.facts[request.cluster].root_namespace
                try:
                    found = api.json(f"/api/v1/namespaces/{namespace}/configmaps/{_ROOT}")
                    root = str((found.get("data") or {}).get("root-cert.pem", ""))
                except NotFoundError:  # certificates of another issuer: nobody knows the root
                    pass
    except LiveError as error:
        outcome.findings.append(error.diagnostic(request.cluster))
        return "", set()
    outcome.findings += compared.findings
    outcome.done.append(f"{compared.same} of {_count(len(artifacts), 'object')} as emitted")
    return root, compared.wrong


def kinds(platform: str) -> set[Schema]:
    """All that may once have been emitted for a cluster."""
    from meshgen.emit.emitter import ObjectEmitter
    from meshgen.emit.registry import emitters

    return {emitter.schema for emitter in emitters(platform) if isinstance(emitter, ObjectEmitter)}


def _from_istiod(request: Request, artifacts: Sequence[Artifact], wrong: set[Id], outcome: Outcome) -> set[Id]:
    """The objects that istiod does not take."""
    from meshgen.running.istiod import compare_istiod, read_said, untaken
    from meshgen.running.objects import identity

    found: set[Id] = set()
    for file in request.istiod_dumps:
        try:
            said = read_said(_read(file))
        except DumpError as error:
            outcome.findings.append(_unreadable(file, error, _ASK_ISTIOD))
            continue
        outcome.findings += compare_istiod(said, request.cluster, artifacts, wrong)
        found |= {identity(each) for each in untaken(said, artifacts)}
        outcome.done.append(f"what istiod says in `{file}`")
    return found


def _from_gateways(request: Request, calls: Calls, root: str, outcome: Outcome) -> frozenset[str]:
    """The addresses where nobody takes connections."""
    from meshgen.running.dial import dial
    from meshgen.running.gateways import ask, questions

    if not request.dials:
        return frozenset()
    asked = ask(request.cluster, questions(calls, request.cluster), partial(dial, root=root, seconds=request.seconds))
    outcome.findings += asked.findings
    alive = asked.addresses - len(asked.dead)
    outcome.done.append(f"{alive} of {_count(asked.addresses, 'address', 'es')} of gateways answering")
    return asked.dead


class _Broken(NamedTuple):
    """What is not as planned, or not taken."""

    objects: frozenset[tuple[str, str, str]]
    """Kind, namespace and name."""
    hosts: frozenset[str]
    """Those that Gateways and ServiceEntries among them are for."""


def _broken(artifacts: Sequence[Artifact], wrong: Collection[Id]) -> _Broken:
    from meshgen.running.objects import identity

    objects = frozenset((each.kind, each.namespace, each.name) for each in wrong)
    specs = [
        each.body["spec"]
        for each in artifacts
        if each.group == _NETWORKING and each.kind in ("Gateway", "ServiceEntry") and identity(each) in wrong
    ]
    parts = [part for spec in specs for part in (spec, *spec.get("servers", ()))]
    return _Broken(objects, frozenset(host for part in parts for host in part.get("hosts", ())))


def _from_proxies(
    request: Request,
    plan: ClusterPlan,
    calls: Calls,
    broken: _Broken,
    dead: frozenset[str],
    outcome: Outcome,
) -> None:
    expected = list(expected_hosts(calls, request.cluster))
    explained = {
        host.of
        for host in expected
        for taken in host.takes
        if (_KINDS[taken.sort], taken.namespace, taken.name) in broken.objects
    }
    explained |= {alias.of for alias in plan.aliases if alias.host in broken.hosts}
    explained |= broken.hosts
    for file in request.config_dumps:
        try:
            proxy = read_dump(_read(file))
        except DumpError as error:
            outcome.findings.append(_unreadable(file, error, _ASK_PROXY))
            continue
        outcome.findings += compare_proxy(proxy, plan, expected, explained, dead)
        outcome.done.append(f"what {f'`{proxy.name}`' if proxy.name else f'the proxy of `{file}`'} knows")


def _read(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()


def _unreadable(file: str, error: DumpError, command: str) -> Diagnostic:
    return diagnose(
        "MG764",
        f"`{file}` cannot be compared: {error}",
        help=f"Write it with {command}.",
    )


def _count(number: int, thing: str, plural: str = "s") -> str:
    return f"{number} {thing}{'' if number == 1 else plural}"
