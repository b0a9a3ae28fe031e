"""The guard beside what the words of design §3 say, for pairs of fleets of one host, three clusters and all states."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.revisions import Now, guard
from meshgen.revisions.compile import Meaning, meaning
from meshgen.revisions.past import Known
from meshgen.revisions.runs import run_of
from tests.fleets import fleet

NAMES = ("c1", "c2", "c3")
WEB = "web.shop.svc.cluster.local"


@dataclass(frozen=True)
class Member:
    """One cluster, and what is seen there."""

    draining: bool
    service: str | None
    """Its state; None: there is none."""
    namespace: bool
    address: str | None
    accounts: tuple[str, ...] | None = None
    """Identities of its pods; None: unknown."""

    @property
    def here(self) -> str | None:
        return self.service if self.namespace else None


@dataclass(frozen=True)
class World:
    """A fleet in short."""

    members: dict[str, Member]
    exposed: str | None
    """State of the exposed service; None: not listed."""
    consumers: tuple[str, ...] | None
    failover: bool
    spanned: tuple[str, ...] = ("*",)
    """Patterns of the clusters in which the workspace is."""
    drained: tuple[str, ...] = ()
    """Where the exposed service drains by its own word."""

    def text(self) -> str:
        listed = ", ".join(
            f"{{name: {name}, region: {name}, network: {name}, state: {'draining' if member.draining else 'active'}}}"
            for name, member in self.members.items()
        )
        chosen = "" if self.consumers is None else f", consumers: {{names: [{', '.join(self.consumers)}]}}"
        spans = ", ".join(f'"{pattern}/shop"' for pattern in self.spanned)
        drains = f", draining: {{names: [{', '.join(self.drained)}]}}" if self.drained else ""
        item = "" if self.exposed is None else f"{{host: {WEB}, state: {self.exposed}{drains}{chosen}}}"
        texts = [f"""
kind: Fleet
metadata: {{name: demo}}
spec: {{platform: istio, clusters: [{listed}]}}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: [{spans}]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  exposedServices: [{item}]
  failover: {{enabled: {str(self.failover).lower()}}}
"""]  # fmt: skip
        for name, member in self.members.items():
            accounts = "" if member.accounts is None else f", serviceAccounts: [{', '.join(member.accounts)}]"
            service = (
                "{name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], "
                f"state: {member.here}{accounts}}}"
            )
            texts.append(f"""
kind: Inventory
metadata: {{name: {name}}}
spec:
  namespaces: [{"{name: shop}" if member.namespace else ""}]
  services: [{service if member.here else ""}]
  gateways: [{{name: ew, namespace: shop, {member.address or "addresses: []"}}}]
""")
        return fleet(*texts)

    def own(self, cluster: str) -> bool:
        return self.members[cluster].here == "active"

    def sources(self, cluster: str) -> set[str]:
        if self.exposed != "active" or not self.consumes(cluster) or (self.own(cluster) and not self.failover):
            return set()
        return {
            name
            for name, member in self.members.items()
            if name != cluster and member.here == "active" and member.address and not member.draining
        }

    def consumes(self, cluster: str) -> bool:
        return self.consumers is None or cluster in self.consumers

    def exposes(self, cluster: str) -> bool:
        return cluster in self.members and self.exposed is not None and self.members[cluster].here is not None

    @property
    def host_drained(self) -> bool:
        return self.exposed == "draining" and any(map(self.exposes, self.members))


def announced(world: World, cluster: str, source: str) -> bool:
    """Whether a fleet says that the callers of a cluster are to lose a source."""
    if not world.exposes(source):
        return False
    own_only = world.own(cluster) and not world.failover
    member = world.members[source]
    return member.draining or member.here == "leaving" or not world.consumes(cluster) or world.host_drained or own_only


def accident(old: World, new: World, cluster: str) -> bool:
    """Whether a consumer loses its last endpoint, or its failover, and no fleet has announced it."""
    before = old.sources(cluster)
    if not before:
        return False
    if cluster not in new.members:
        return not (old.members[cluster].draining or new.host_drained)
    after, lost_own = new.sources(cluster), old.own(cluster) and not new.own(cluster)
    gone = before - after
    if not after and not new.own(cluster):
        stopped = all(new.exposes(source) for source in gone) and not new.consumes(cluster) and not lost_own
        return not (new.host_drained or stopped)
    if len(before) + old.own(cluster) > 1 and len(after) + new.own(cluster) == 1:
        mine = not lost_own or new.members[cluster].here == "leaving" or new.members[cluster].draining
        return not (mine and all(announced(new, cluster, source) for source in gone))
    return False


members = st.builds(
    Member,
    draining=st.sampled_from([False, False, True]),
    service=st.sampled_from(["active", "active", "leaving", "arriving", None]),
    namespace=st.sampled_from([True, True, True, False]),
    address=st.sampled_from(["addresses: [192.0.2.1]", "hostname: lb.example.com", None]),
)
worlds = st.builds(
    World,
    members=st.sets(st.sampled_from(NAMES), min_size=1).flatmap(
        lambda names: st.fixed_dictionaries(dict.fromkeys(sorted(names), members))
    ),
    exposed=st.sampled_from(["active", "active", "active", "draining", None]),
    consumers=st.none() | st.sets(st.sampled_from(NAMES)).map(lambda names: tuple(sorted(names))),
    failover=st.sampled_from([True, True, False]),
)


def meant(world: World) -> Meaning:
    found = meaning({"fleet.yaml": world.text().encode()})
    assert found is not None
    return found


def found(old: World, new: World) -> list[tuple[str, str]]:
    """Code and message of the errors of the guard."""
    after = meant(new)
    past = {key: Known(reach, "then") for key, reach in meant(old).reaches().items()}
    now = Now({}, after.calls, after.published, after.plan)
    runs = [run_of(meant(old), "then")]
    return [(item.code, item.message) for item in guard([(past,)], now, runs).findings if item.severity == "error"]


@pytest.mark.slow
@given(worlds, worlds)
@settings(max_examples=300, deadline=None)
def test_the_guard_is_silent_exactly_where_no_consumer_loses_by_accident(old: World, new: World) -> None:
    accidents = {cluster for cluster in old.members if accident(old, new, cluster)}
    errors = found(old, new)
    told = {name for name in NAMES for code, message in errors if f"`{name}`" in message}
    assert accidents <= told
    lost = [message.partition(": ")[0] for code, message in errors if code == "MG656"]
    assert {name for name in NAMES for message in lost if f"`{name}`" in message} <= accidents


@pytest.mark.slow
@given(worlds)
@settings(max_examples=50, deadline=None)
def test_a_fleet_that_does_not_change_loses_nothing(world: World) -> None:
    assert found(world, world) == []


@pytest.mark.slow
@given(worlds)
@settings(max_examples=80, deadline=None)
def test_what_drains_first_may_go(old: World) -> None:
    """Cluster by cluster, and only while another one answers: none of these steps is an error."""
    for name in sorted(old.members):
        step = replace(old, members=old.members | {name: replace(old.members[name], draining=True)})
        if all(step.sources(cluster) or step.own(cluster) or not old.sources(cluster) for cluster in old.members):
            assert found(old, step) == []
            gone = replace(step, members={key: value for key, value in step.members.items() if key != name})
            assert found(step, gone) == []
