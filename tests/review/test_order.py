"""The order of syncs: hazards beside a model that walks every state of every cluster, by what is emitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from meshgen.revisions.order import Hazard
from meshgen.revisions.order import hazards as hazards_of
from meshgen.revisions.runs import run_of
from tests.revisions.test_guard_laws import NAMES, WEB, Member, World, meant, worlds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meshgen.plan.model import ClusterPlan, Plan
    from meshgen.revisions.compile import Meaning


def hazards(*history: Meaning) -> tuple[Hazard, ...]:
    return hazards_of([run_of(each, f"v{place}") for place, each in enumerate(history)], history[-1].relations)


ACTIVE = Member(draining=False, service="active", namespace=True, address="addresses: [192.0.2.1]")
LACKS = Member(draining=False, service=None, namespace=True, address="addresses: [192.0.2.2]")
DRAINING = Member(draining=True, service="active", namespace=True, address="addresses: [192.0.2.1]")


def world(exposed: str | None = "active", consumers: tuple[str, ...] | None = None, **members: Member) -> World:
    return World(members, exposed, consumers, failover=True)


def told(found: tuple[Hazard, ...]) -> list[tuple[str, str, int, int, bool]]:
    return [(item.consumer, item.source.cluster, item.consumer_runs, item.source_runs, item.cut) for item in found]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param([world(c1=LACKS, c2=ACTIVE)] * 2, [], id="nothing changes"),
        pytest.param(
            [world(c1=LACKS, c2=ACTIVE), world(None, c1=LACKS, c2=ACTIVE)],
            [("c1", "c2", 0, 1, False)],
            id="withdrawn while it is in use",
        ),
        pytest.param(
            [world(c1=LACKS, c2=ACTIVE), world("draining", c1=LACKS, c2=ACTIVE)], [], id="drained: the road stays open"
        ),
        pytest.param(
            [world(c1=LACKS, c2=ACTIVE), world("draining", c1=LACKS, c2=ACTIVE), world(None, c1=LACKS, c2=ACTIVE)],
            [("c1", "c2", 0, 2, False)],
            id="drained and withdrawn, and a consumer that slept through it",
        ),
        pytest.param(
            [world("draining", c1=LACKS, c2=ACTIVE), world(None, c1=LACKS, c2=ACTIVE)],
            [],
            id="withdrawn after everybody let go",
        ),
        pytest.param(
            [world(None, c1=LACKS, c2=ACTIVE), world(c1=LACKS, c2=ACTIVE)],
            [],
            id="exposed: a consumer may be first, and nobody calls it yet",
        ),
        pytest.param(
            [
                replace(world(c1=LACKS, c2=ACTIVE, c3=ACTIVE), spanned=("c1", "c2")),
                replace(world(c1=LACKS, c2=ACTIVE, c3=ACTIVE), spanned=("c1", "c3")),
            ],
            [("c1", "c2", 0, 1, True), ("c1", "c3", 1, 0, True)],
            id="one source for another at once",
        ),
        pytest.param(
            [
                world(c1=LACKS, c2=ACTIVE, c3=DRAINING),
                world(c1=LACKS, c2=DRAINING, c3=ACTIVE),
            ],
            [],
            id="from one source to another",
        ),
    ],
)
def test_an_order_that_hurts_is_named(history: list[World], expected: list[tuple[str, str, int, int, bool]]) -> None:
    assert told(hazards(*map(meant, history))) == expected


def test_a_state_names_every_cluster_that_could_answer() -> None:
    """Both have the service, and the two revisions after that each leave another one."""
    both = world(c1=LACKS, c2=ACTIVE, c3=ACTIVE)
    history = [both, replace(both, spanned=("c1", "c3")), replace(both, spanned=("c1", "c2"))]
    states = [
        {"c1": item.consumer_runs, item.source.cluster: item.source_runs, **dict(item.others)}
        for item in hazards(*map(meant, history))
        if item.consumer == "c1"
    ]
    assert states == [{"c1": 0, "c2": 1, "c3": 2}, {"c1": 2, "c2": 1}, {"c1": 1, "c3": 2}]


ADDRESSES = (None, "addresses: [192.0.2.9]", "hostname: ew.elb.example.com")
SPIFFE = "spiffe://cluster.local/ns/shop/sa/"


@dataclass(frozen=True)
class Endpoint:
    """What a proxy of a consumer has: where it leads, and the identities that it accepts."""

    source: str
    gateway: tuple[str, str]
    accepted: frozenset[str] | None


class Model:
    """A fleet of clusters that each run one of several plans; what is there is as the newest plan has it."""

    def __init__(self, plans: Sequence[Plan], known: frozenset[str]) -> None:
        """`known`: clusters whose gateway has an address or a name now."""
        self.plans = [{cluster.cluster: cluster for cluster in plan.clusters} for plan in plans]
        self.newest = self.plans[-1]
        self.known = known

    def endpoints(self, plan: ClusterPlan) -> Iterator[Endpoint]:
        for entry in plan.service_entries:
            accepted = frozenset(entry.subject_alt_names) or None
            for item in entry.endpoints:
                yield Endpoint(item.source, (item.gateway_namespace, item.gateway), accepted)
        # istiod gives callers the accounts of all endpoints of a Service, pods and entries.
        own = self.newest.get(plan.cluster, plan)
        active = [item for item in own.facts.copies if item.host == WEB and item.state == "active"]
        accounts = {workload.service_account for workload in plan.workload_entries}
        accounts |= {account for item in active for account in item.service_accounts or (None,)}
        named = None if None in accounts else frozenset(f"{SPIFFE}{account}" for account in accounts)
        for workload in plan.workload_entries:
            item = workload.endpoint
            yield Endpoint(item.source, (item.gateway_namespace, item.gateway), named)

    def lets_in(self, plan: ClusterPlan | None, gateway: tuple[str, str]) -> bool:
        exposures = () if plan is None else plan.exposures
        return any((item.namespace, item.gateway) == gateway and item.host == WEB for item in exposures)

    def copy(self, cluster: str) -> bool:
        plan = self.newest.get(cluster)
        return plan is None or any(item.host == WEB for item in plan.facts.copies)

    def own(self, cluster: str) -> bool:
        plan = self.newest.get(cluster)
        return plan is not None and any(item.host == WEB and item.state == "active" for item in plan.facts.copies)

    def broken(self, state: dict[str, int], consumer: str) -> set[str]:
        """The sources to which a consumer sends requests that no gateway lets in."""
        plan = self.plans[state[consumer]].get(consumer)
        return {
            item.source
            for item in (self.endpoints(plan) if plan is not None else ())
            if not self.lets_in(self.plans[state[item.source]].get(item.source), item.gateway)
        }

    def answered(self, state: dict[str, int], consumer: str) -> bool:
        plan = self.plans[state[consumer]].get(consumer)
        broken = self.broken(state, consumer)
        return self.own(consumer) or any(
            item.source not in broken and self.copy(item.source) and self.addressed(item) and self.accepts(item)
            for item in (self.endpoints(plan) if plan is not None else ())
        )

    def accepts(self, item: Endpoint) -> bool:
        """Whether the caller accepts whoever is behind the gateway now."""
        plan = self.newest.get(item.source)
        there = [copy for copy in plan.facts.copies if copy.host == WEB] if plan is not None else []
        if item.accepted is None or any(copy.service_accounts is None for copy in there):
            return True
        return item.accepted >= {f"{SPIFFE}{account}" for copy in there for account in copy.service_accounts or ()}

    def addressed(self, item: Endpoint) -> bool:
        plan = self.newest.get(item.source)
        return plan is None or item.source in self.known


def _changed(draw: st.DrawFn, before: World) -> World:
    """A world in which one or two things differ from the one before, as from commit to commit."""
    members = dict(before.members)
    exposed, consumers, spanned = before.exposed, before.consumers, before.spanned
    for _ in range(draw(st.integers(1, 2))):
        what = draw(
            st.sampled_from(
                ["exposed", "draining", "draining", "service", "spanned", "spanned", "consumers", "accounts", "address"]
            )
        )
        name = draw(st.sampled_from(sorted(members)))
        if what == "exposed":
            exposed = draw(st.sampled_from(["active", "draining", None]))
        elif what == "draining":
            members[name] = replace(members[name], draining=not members[name].draining)
        elif what == "service":
            members[name] = replace(members[name], service=draw(st.sampled_from(["active", "leaving", None])))
        elif what == "accounts":
            members[name] = replace(members[name], accounts=draw(st.sampled_from([("web",), ("api",), ("api", "web")])))
        elif what == "address":
            members[name] = replace(members[name], address=draw(st.sampled_from(ADDRESSES)))
        elif what == "spanned":
            spanned = tuple(sorted(set(spanned) ^ {name})) or (name,)
        else:
            consumers = draw(st.none() | st.just(("c1",)))
    return replace(before, members=members, exposed=exposed, consumers=consumers, spanned=spanned)


@st.composite
def histories(draw: st.DrawFn) -> list[World]:
    """Three revisions of a fleet of three clusters, one to three of which have the service at first."""
    names = draw(st.permutations(NAMES))
    have = draw(st.integers(1, 3))
    accounts = draw(st.none() | st.just(("web",)))
    members = {name: replace(ACTIVE if place < have else LACKS, accounts=accounts) for place, name in enumerate(names)}
    first = World(members, "active", None, failover=True, spanned=NAMES)
    second = _changed(draw, first)
    return [first, second, _changed(draw, second)]


@pytest.mark.slow
@given(histories())
@settings(max_examples=300, deadline=None)
def test_hazards_are_the_states_that_a_model_finds(history: list[World]) -> None:
    meanings = list(map(meant, history))
    known = frozenset(name for name, member in history[-1].members.items() if member.address)
    model = Model([each.plan for each in meanings], known)
    found = hazards(*meanings)
    pure = [dict.fromkeys(NAMES, place) for place in range(len(history))]
    broken: set[tuple[str, str]] = set()
    cut: set[str] = set()
    for places in product(range(len(history)), repeat=len(NAMES)):
        state = dict(zip(NAMES, places, strict=True))
        for consumer in NAMES:
            already = model.broken(pure[state[consumer]], consumer)
            new = {
                source
                for source in model.broken(state, consumer) - already
                if state[source] > state[consumer]
                or any(model.answered(pure[place], consumer) for place in range(state[source] + 1))
            }
            broken |= {(consumer, source) for source in new}
            lasting = model.answered(pure[0], consumer) and model.answered(pure[-1], consumer)
            if new and lasting and not model.answered(state, consumer):
                cut.add(consumer)
    assert {(item.consumer, item.source.cluster) for item in found} == broken
    assert {item.consumer for item in found if item.cut} == cut
    for item in found:
        named = {item.source.cluster: item.source_runs, item.consumer: item.consumer_runs, **dict(item.others)}
        whole = [dict.fromkeys(NAMES, place) | named for place in range(len(history))]
        assert not item.alone or not any(model.answered(state, item.consumer) for state in whole)
    event(f"broken: {bool(broken)}, cut: {bool(cut)}")


@pytest.mark.slow
@given(worlds, worlds)
@settings(max_examples=50, deadline=None)
def test_a_longer_wait_never_makes_a_change_safer(old: World, new: World) -> None:
    two = {item[:3] for item in hazards(*map(meant, (old, new)))}
    three = {item[:3] for item in hazards(*map(meant, (old, old, new)))}
    assert two == three
