"""DestinationRules of teams, one service a sort: what meshgen says of each is what the mesh does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from lab import isolation
from lab.api import reference
from lab.build import Parts
from lab.fleet import CLIENT_NAMESPACE, Lab
from lab.load import Load, send
from lab.pod import PodSettings
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Object
    from lab.scenarios.conftest import Show, Stage

SERVICES = ("decided", "governed", "unannounced")
FAILOVER: dict[str, Any] = {
    "outlierDetection": {"consecutive5xxErrors": 3, "interval": "2s", "baseEjectionTime": "30s"},
    "loadBalancer": {"localityLbSetting": {"enabled": True, "failoverPriority": ["topology.istio.io/network"]}},
}
POOL: dict[str, Any] = {"connectionPool": {"tcp": {"maxConnections": 100}}}
SHARED = {"c1", "c2"}


def _rule(name: str, namespace: str, policy: Object) -> Object:
    body = reference("networking.istio.io/v1", "DestinationRule", name, namespace)
    return body | {"spec": {"host": host(name), "trafficPolicy": policy}}


RULES = [
    _rule("decided", "bookinfo", FAILOVER),
    _rule("governed", CLIENT_NAMESPACE, POOL),
    _rule("unannounced", "bookinfo", POOL),
]


def _observed(rule: Object) -> Object:
    policy = rule["spec"]["trafficPolicy"]
    item = {**{key: rule["metadata"][key] for key in ("name", "namespace")}, "host": rule["spec"]["host"]}
    if "outlierDetection" in policy:
        priority = policy["loadBalancer"]["localityLbSetting"]["failoverPriority"]
        return item | {"outlierDetection": policy["outlierDetection"], "failoverPriority": priority}
    return item | {"trafficPolicy": True}


def _fleet() -> Draft:
    """The inventory knows the first two rules; a build refuses the third (MG358)."""
    draft = BOOKINFO.changed()
    draft.services = {name: [service(item) for item in SERVICES] for name in draft.clusters}
    draft.exposed = [host(name) for name in SERVICES]
    istio = {"version": "1.32", "network": "network-1"}
    draft.inventories["c1"] = {"istio": istio, "destinationRules": [_observed(rule) for rule in RULES[:2]]}
    return draft


FLEET = _fleet()


@pytest.fixture
def teams(stage: Stage) -> Lab:
    """`FLEET` with the rules of the teams older than meshgen's."""
    if stage.draft is FLEET and stage.lab:
        return stage.lab
    stage.clear()
    stage.lab = lab = Lab(Parts(isolation.PARTS))
    fleet = FLEET.write(isolation.WORK / "draft")
    lab.start_clusters(lab.build(fleet))
    for rule in RULES:
        lab.clusters["c1"].api.apply(rule, manager="team")
    time.sleep(1.1)  # ages are counted in seconds
    lab.roll_out(fleet)
    stage.draft = FLEET
    return lab


@pytest.fixture
def elsewhere(teams: Lab) -> Iterator[PodSettings]:
    """A client in a namespace without rules of its own."""
    yield PodSettings(name="elsewhere", namespace="elsewhere")
    for pod in [pod for pod in teams.pods.values() if pod.settings.namespace == "elsewhere"]:
        teams.delete_pod(pod)


def test_a_rule_with_failover_of_its_own_decides(teams: Lab, show: Show) -> None:
    """MG359: entries of meshgen, the rule of the team."""
    local = teams.pod("c1", "bookinfo", "decided")
    with Load(teams.new_client("c1"), url("decided")) as load:
        time.sleep(2)
        before = time.time()
        local.stop_server()
        time.sleep(10)
    show("a team's rule with outlier detection, local copy killed", load.report)
    end = load.report.requests[-1].sent
    assert load.report.lost == []
    assert set(load.report.between(0, before).by_cluster) == {"c1"}
    assert set(load.report.between(end - 3, end).by_cluster) == {"c2"}


def test_a_rule_in_a_clients_namespace_takes_its_clients_out_of_failover(
    teams: Lab, elsewhere: PodSettings, show: Show
) -> None:
    """MG362: the clients of that namespace share the traffic of all clusters, everybody else stays local."""
    governed = send(teams.new_client("c1"), url("governed"), 60)
    others = send(teams.new_client("c1", elsewhere), url("governed"), 60)
    show("clients with a rule in their namespace", governed)
    show("other clients", others)
    assert set(governed.by_cluster) == SHARED
    assert (others.lost, set(others.by_cluster)) == ([], {"c1"})


def test_a_rule_that_meshgen_refuses_mixes_local_and_remote(teams: Lab, show: Show) -> None:
    """MG358, WRONG: a policy without outlier detection, older than meshgen's rule and unknown to the inventory."""
    report = send(teams.new_client("c1"), url("unannounced"), 60)
    show("a team's rule without failover", report)
    assert set(report.by_cluster) == SHARED
