"""Withdrawing an exposure is two commits: draining, synced everywhere, then gone (design §3).

Each test runs twice: with every build committed, and without Git, where the local state remembers the last build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.project import steps
from tests.fleets import HAS, LACKS

if TYPE_CHECKING:
    from tests.build.project import Outcome, Project

WEB = "web.shop.svc.cluster.local"


def workspace(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {text}
"""


def fleet(clusters: str, platform: str = "istio") -> str:
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: {platform}
  clusters: {clusters}
"""


EXPOSED = workspace(f"exposedServices: [{WEB}]")
DRAINING = workspace(f"exposedServices: [{{host: {WEB}, state: draining}}]")
WITHDRAWN = workspace("exposedServices: []")
TSE = fleet("[{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]", "tse")


@pytest.fixture
def project(remembered: Project) -> Project:
    return remembered


def messages(outcome: Outcome) -> list[str]:
    """The texts of MG650, without what it is known by."""
    return [message.partition(", as of ")[0] for message in outcome.messages("MG650")]


def test_MG650_fires_when_a_workload_entry_still_leads_to_the_service(project: Project) -> None:
    outcome = steps(project, (HAS, EXPOSED), (HAS, WITHDRAWN))
    assert outcome.code == 1
    assert messages(outcome) == [
        f"`{WEB}` would no longer be exposed by `c1` and `c2`, but `c1` and `c2` still call it there"
    ]


def test_MG650_fires_when_a_service_entry_still_leads_to_the_service(project: Project) -> None:
    outcome = steps(project, (LACKS, EXPOSED), (LACKS, WITHDRAWN))
    assert outcome.code == 1
    assert messages(outcome) == [f"`{WEB}` would no longer be exposed by `c2`, but `c1` still calls it there"]


def test_a_host_that_goes_is_one_finding_however_many_clusters_call_it(project: Project) -> None:
    outcome = steps(project, (HAS, third(), EXPOSED), (HAS, third(), WITHDRAWN))
    assert messages(outcome) == [
        f"`{WEB}` would no longer be exposed by `c1`, `c2` and `c3`, but `c1`, `c2` and `c3` still call it there"
    ]


NO_WORKSPACE = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/elsewhere"]}, eastWestGateway: {name: ew, namespace: shop}}
"""


@pytest.mark.parametrize(
    ("after", "begins"),
    [
        ((WITHDRAWN,), "exposedServices:"),
        ((workspace(f"unexposedServices: [{WEB}]"),), "unexposedServices:"),
        ((NO_WORKSPACE,), "demo}"),
    ],
    ids=["the list that it left", "the exceptions that name it", "the fleet where no workspace spans it any more"],
)
def test_the_place_is_where_the_fleet_would_have_to_say_something(
    after: tuple[str, ...], begins: str, project: Project
) -> None:
    project.write(LACKS, EXPOSED)
    project.build()
    project.write(LACKS, *after)
    [found] = [line for line in project.build("--format", "concise").out.splitlines() if "MG650" in line]
    place = found.partition(": ")[0]
    file, line, column = place.rsplit(":", 2)
    text = (project.root / file).read_text().splitlines()[int(line) - 1]
    assert text[int(column) - 1 :].startswith(begins)


def test_nothing_is_written_where_a_withdrawal_is_refused(project: Project) -> None:
    project.write(HAS, EXPOSED)
    project.build()
    before = project.tree
    project.write(HAS, WITHDRAWN)
    project.build()
    assert project.tree == before


def test_check_says_it_too(project: Project) -> None:
    project.write(LACKS, EXPOSED)
    project.build()
    project.write(LACKS, WITHDRAWN)
    outcome = project.build("--check")
    assert (outcome.code, len(messages(outcome))) == (1, 1)


@pytest.mark.parametrize("base", [HAS, LACKS], ids=["WorkloadEntry", "ServiceEntry"])
def test_MG650_silent_when_the_service_was_drained_before(project: Project, base: str) -> None:
    outcome = steps(project, (base, EXPOSED), (base, DRAINING), (base, WITHDRAWN))
    assert outcome.code == 0
    assert messages(outcome) == []


def test_draining_keeps_the_exposure_in_the_tree(project: Project) -> None:
    steps(project, (LACKS, EXPOSED), (LACKS, DRAINING))
    assert project.names("c2/shop/gateway.networking*") == [
        "c2/shop/gateway.networking.istio.io_ew-web-5b78e35377f03acf.yaml"
    ]
    assert project.names("*/*/serviceentry*") == []


def test_MG650_silent_when_the_build_is_forced(project: Project) -> None:
    steps(project, (LACKS, EXPOSED), (LACKS, EXPOSED))
    project.write(LACKS, WITHDRAWN)
    assert project.build("--allow-withdrawal").code == 0
    assert project.names("*/*/serviceentry*") == []


def test_MG650_silent_when_a_consumer_stops_by_itself(project: Project) -> None:
    outcome = steps(
        project, (LACKS, EXPOSED), (LACKS, workspace(f"exposedServices: [{{host: {WEB}, consumers: {{names: [c2]}}}}]"))
    )
    assert outcome.code == 0


def test_MG650_silent_when_failover_is_switched_off(project: Project) -> None:
    assert (
        steps(project, (HAS, EXPOSED), (HAS, EXPOSED.replace("exposed", "failover: {enabled: false}\n  exposed"))).code
        == 0
    )


def test_MG650_silent_when_an_address_goes(project: Project) -> None:
    fewer = (LACKS.replace("192.0.2.1, 192.0.2.2", "192.0.2.1"), EXPOSED)
    assert steps(project, (LACKS, EXPOSED), fewer).code == 0
    fewer = (HAS.replace("192.0.2.1, 192.0.2.2", "192.0.2.1"), EXPOSED)
    assert steps(project, (HAS, EXPOSED), fewer).code == 0


def test_MG650_silent_when_a_local_copy_comes_and_goes(project: Project) -> None:
    leaving = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], state: leaving}
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
"""
    outcome = steps(project, (LACKS, EXPOSED), (HAS, EXPOSED), (HAS, leaving, EXPOSED), (LACKS, EXPOSED))
    assert outcome.code == 0, outcome.said
    assert project.names("c1/*/serviceentry*") != []


def test_MG650_fires_when_a_service_goes_without_leaving_first(project: Project) -> None:
    outcome = steps(project, (HAS, EXPOSED), (LACKS, EXPOSED))
    assert messages(outcome) == [f"`{WEB}` would no longer be exposed by `c1`, but `c2` still calls it there"]


def test_MG650_silent_on_tse_when_a_service_goes_since_the_setting_stays(project: Project) -> None:
    assert messages(steps(project, (HAS, EXPOSED, TSE), (LACKS, EXPOSED, TSE))) == []


@pytest.mark.parametrize("base", [HAS, LACKS], ids=["WorkloadEntry", "ServiceEntry"])
def test_MG650_fires_when_the_gateway_goes(project: Project, base: str) -> None:
    other = workspace("").replace("name: ew", "name: ew, clusters: {names: [c1]}")
    outcome = steps(project, (base, workspace("")), (base, other))
    assert outcome.code == 1
    assert messages(outcome) == [
        f"gateway `shop/ew` of `c2` is no longer in the fleet, but `c1` still calls `{WEB}` there"
    ]


def third(state: str = "active") -> str:
    return fleet("[{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}, "
                 f"{{name: c3, region: us, network: n3, state: {state}}}]") + """
---
kind: Inventory
metadata: {name: c3}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, addresses: [203.0.113.1]}]
"""  # fmt: skip


@pytest.mark.parametrize("base", [HAS, LACKS], ids=["WorkloadEntry", "ServiceEntry"])
def test_MG650_fires_when_a_cluster_goes(project: Project, base: str) -> None:
    outcome = steps(project, (base, third()), (base,))
    assert outcome.code == 1
    assert messages(outcome) == [f"cluster `c3` is no longer in the fleet, but `c1` and `c2` still call `{WEB}` there"]


def test_MG650_silent_when_the_cluster_was_drained_before(project: Project) -> None:
    assert steps(project, (HAS, third()), (HAS, third("draining")), (HAS,)).code == 0
    assert project.names("c3/**/*.yaml") == []


def test_MG650_fires_when_only_the_source_is_written(project: Project) -> None:
    project.write(LACKS, EXPOSED)
    project.build()
    project.write(LACKS, WITHDRAWN)
    outcome = project.build("--cluster", "c2")
    assert outcome.code == 1
    assert messages(outcome) == [f"`{WEB}` would no longer be exposed by `c2`, but `c1` still calls it there"]


def test_MG650_fires_when_the_consumer_was_drained_in_the_fleet_but_never_written(project: Project) -> None:
    project.write(LACKS, EXPOSED)
    project.build()
    project.write(LACKS, DRAINING)
    project.build("--cluster", "c2")
    project.write(LACKS, WITHDRAWN)
    assert len(messages(project.build("--cluster", "c2"))) == 1


def test_MG650_silent_when_the_consumer_was_written_before(project: Project) -> None:
    project.write(LACKS, EXPOSED)
    project.build()
    project.write(LACKS, DRAINING)
    assert project.build("--cluster", "c1").code == 0
    project.write(LACKS, WITHDRAWN)
    assert project.build("--cluster", "c2").code == 0


def test_MG650_fires_for_a_stub_service(project: Project) -> None:
    stub = """
kind: Inventory
metadata: {name: c1}
spec: {istio: {dnsCapture: false}, namespaces: [{name: shop}]}
"""
    outcome = steps(project, (LACKS, stub, EXPOSED), (LACKS, stub, WITHDRAWN))
    assert messages(outcome) == [f"`{WEB}` would no longer be exposed by `c2`, but `c1` still calls it there"]


def test_MG650_fires_for_a_service_of_a_group_that_does_not_name_the_entries(project: Project) -> None:
    metrics = "{name: web-metrics, namespace: shop, selector: {app: web}, ports: [{name: tcp-prom, port: 90}]}"
    both = HAS.replace("  services:\n", f"  services:\n  - {metrics}\n")
    only_one_left = workspace("exposedServices: [web.shop.svc.cluster.local]")
    outcome = steps(project, (both, workspace("")), (both, only_one_left))
    assert outcome.code == 1


def test_many_hosts_that_go_in_the_same_way_are_one_finding(project: Project) -> None:
    names = ("api", "db", "web")
    services = "".join(
        f"""
  - {{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}],
     serviceAccounts: [{name}]}}"""
        for name in names
    )
    inventory = f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services:{services}
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}}]
"""
    listed = workspace(f"exposedServices: [{', '.join(f'{name}.shop.svc.cluster.local' for name in names)}]")
    one_left = workspace(f"exposedServices: [{WEB}]")
    told = (
        "`api.shop.svc.cluster.local` and `db.shop.svc.cluster.local` would no longer be exposed by `c2`, "
        "but `c1` still calls them there"
    )
    refused = steps(project, (LACKS, inventory, listed), (LACKS, inventory, one_left))
    assert (refused.code, messages(refused)) == (1, [told])
    allowed = project.build("--allow-withdrawal")
    assert allowed.code == 0
    (message,) = allowed.messages("MG650")
    assert message.startswith(told)
    assert message.endswith("`--allow-withdrawal` lets it happen")
