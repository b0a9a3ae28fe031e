"""No change takes the last endpoint of a host from a consumer, or its failover, without a word (design §3).

Each test runs twice, as those of withdrawals: with every build committed, and with the local state only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.build.project import steps
from tests.build.test_withdrawal import fleet, workspace

if TYPE_CHECKING:
    from tests.build.project import Outcome, Project

WEB = "web.shop.svc.cluster.local"
API = "api.shop.svc.cluster.local"
GONE = "has no address any more"


def inventory(
    cluster: str,
    *services: str,
    gateway: str = "addresses: [{address}]",
    namespaces: str = "shop",
    state: str = "active",
    port: str = "80",
    account: str = "web",
) -> str:
    address = f"192.0.2.{cluster[-1]}"
    items = "".join(
        f"\n  - {{name: {name}, namespace: shop, selector: {{app: {name}}}, state: {state}, "
        f"serviceAccounts: [{account}], ports: [{{name: http-{port}, port: {port}}}, {{name: http, port: 79}}]}}"
        for name in services
    )
    known = f"{{name: ew, namespace: shop, {gateway.format(address=address)}}}" if gateway else ""
    return f"""
kind: Inventory
metadata: {{name: {cluster}}}
spec:
  namespaces: [{{name: {namespaces}}}]
  services: {items or "[]"}
  gateways: [{known}]
"""


def clusters(*items: str, platform: str = "istio") -> str:
    listed = [f"name: {name}" if ":" not in name else name for name in items]
    return fleet(
        "[" + ", ".join(f"{{{item}, region: r{item[7]}, network: n{item[7]}}}" for item in listed) + "]", platform
    )


SHOP = workspace("")
TWO = (clusters("c1", "c2"), SHOP, inventory("c1"), inventory("c2", "web"))
"""`c1` calls `web` in `c2`."""
COPY = (clusters("c1", "c2"), SHOP, inventory("c1", "web"), inventory("c2", "web"))
"""Both have `web`."""
THREE = (clusters("c1", "c2", "c3"), SHOP, inventory("c1"), inventory("c2", "web"), inventory("c3", "web"))
"""`c1` calls `web` in `c2` and `c3`."""


@pytest.fixture
def project(remembered: Project) -> Project:
    return remembered


def losses(outcome: Outcome, code: str = "MG656") -> list[str]:
    """The texts of MG656, without what it is known by."""
    return [message.partition(", as of ")[0] for message in outcome.messages(code)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param(
            TWO,
            (*TWO, inventory("c2", "web", gateway="")),
            [f"`c1` would lose its last endpoint for `{WEB}`: gateway `shop/ew` of `c2` {GONE}"],
            id="an address vanished",
        ),
        pytest.param(
            (*TWO, inventory("c2", "web", gateway="hostname: lb.example.com")),
            (*TWO, inventory("c2", "web", gateway="")),
            [f"`c1` would lose its last endpoint for `{WEB}`: gateway `shop/ew` of `c2` {GONE}"],
            id="a hostname vanished",
        ),
        pytest.param(
            COPY,
            (*COPY, inventory("c2", "web", gateway="")),
            [f"`c1` would lose its failover for `{WEB}`: gateway `shop/ew` of `c2` {GONE}"],
            id="an address vanished, the own copy stays",
        ),
        pytest.param(
            THREE,
            (*THREE, inventory("c3", "web", gateway="")),
            [f"`c1` and `c2` would lose their failover for `{WEB}`: gateway `shop/ew` of `c3` {GONE}"],
            id="one of two sources vanished",
        ),
        pytest.param(
            THREE,
            (*THREE, clusters("c1", "name: c2, state: draining", "name: c3, state: draining")),
            [f"`c1` would lose its last endpoint for `{WEB}`: cluster `c2` is draining and cluster `c3` is draining"],
            id="all sources drain",
        ),
        pytest.param(
            (*THREE, clusters("c1", "name: c2, state: draining", "c3")),
            (*THREE, clusters("c1", "name: c2, state: draining", "name: c3, state: draining")),
            [f"`c1` would lose its last endpoint for `{WEB}`: cluster `c2` is draining and cluster `c3` is draining"],
            id="the last source drains",
        ),
        pytest.param(
            THREE,
            (*THREE, workspace("draining: {names: [c2, c3]}")),
            [
                f"`c1` would lose its last endpoint for `{WEB}`: "
                + " and ".join(f"workspace `shop` is draining in `{cluster}`" for cluster in ("c2", "c3"))
            ],
            id="the workspace drains wherever it is, cluster by cluster",
        ),
        pytest.param(
            TWO,
            (*TWO, inventory("c2", "web", state="leaving")),
            [f"`c1` would lose its last endpoint for `{WEB}`: the Service is leaving in `c2`"],
            id="the last copy leaves",
        ),
        pytest.param(
            (clusters("name: c1, labels: {tier: a}", "c2"), workspace("consumers: {labels: {tier: a}}"), *TWO[2:]),
            (clusters("name: c1, labels: {tier: b}", "c2"), workspace("consumers: {labels: {tier: a}}"), *TWO[2:]),
            [f"`c1` would lose its last endpoint for `{WEB}`: labels or role of `c1` no longer make it a consumer"],
            id="a label of the consumer changed",
        ),
        pytest.param(
            (clusters("c1", "c2", platform="tse"), *COPY[1:]),
            (clusters("c1", "c2", platform="tse"), *COPY[1:], inventory("c1")),
            [f"`c1` and `c2` would lose their failover for `{WEB}`: the inventory of `c1` no longer has the Service"],
            id="a Service vanished where that closes nothing",
        ),
        pytest.param(
            TWO,
            (clusters("cx1", "c2"), *TWO[1:2], inventory("cx1"), TWO[3]),
            [f"`c1` would lose its last endpoint for `{WEB}`: cluster `c1` is no longer in the fleet"],
            id="a consumer is renamed",
        ),
        pytest.param(
            COPY,
            (COPY[0], workspace("").replace("*/shop", "c2/shop"), *COPY[2:]),
            None,
            id="a namespace leaves the workspace",
        ),
    ],
)
def test_MG656_fires_when_nobody_said_so(
    project: Project, before: tuple[str, ...], after: tuple[str, ...], said: list[str] | None
) -> None:
    outcome = steps(project, before, after)
    assert outcome.code == 1
    if said is None:
        assert losses(outcome) + outcome.messages("MG650") != []
    else:
        assert losses(outcome) == said
        assert outcome.messages("MG650") == []


@pytest.mark.parametrize(
    "fleets",
    [
        pytest.param((COPY, (*COPY, clusters("c1", "name: c2, state: draining"))), id="a source drains, a copy stays"),
        pytest.param(
            (THREE, (*THREE, clusters("c1", "name: c2, state: draining", "c3"))), id="a source drains, another stays"
        ),
        pytest.param(
            (THREE, (*THREE, workspace("draining: {names: [c2]}"))), id="the workspace drains in one source of two"
        ),
        pytest.param(
            (
                COPY,
                (*COPY, clusters("c1", "name: c2, state: draining")),
                (*COPY, clusters("c1", "name: c2, state: draining"), inventory("c2", gateway="")),
            ),
            id="a source that was drained is gone",
        ),
        pytest.param((COPY, (*COPY, inventory("c1", "web", state="leaving"))), id="the own copy leaves"),
        pytest.param(
            (COPY, (*COPY, inventory("c1", "web", state="leaving")), (*COPY, inventory("c1"))),
            id="the own copy left",
        ),
        pytest.param(
            (TWO, (*TWO, inventory("c1", "web", state="arriving")), (*TWO, inventory("c1", "web"))),
            id="an own copy comes",
        ),
        pytest.param((COPY, (*COPY, workspace("failover: {enabled: false}"))), id="failover is switched off"),
        pytest.param((TWO, (*TWO, workspace("consumers: {names: []}"))), id="nobody is a consumer any more"),
        pytest.param(
            (TWO, (clusters("name: c1, state: draining", "c2"), *TWO[1:]), (clusters("c2"), SHOP, TWO[3])),
            id="a consumer that was drained is gone",
        ),
    ],
)
def test_MG656_silent_when_the_fleet_says_so(project: Project, fleets: tuple[tuple[str, ...], ...]) -> None:
    outcome = steps(project, *fleets)
    assert (outcome.code, losses(outcome)) == (0, [])


def test_MG659_fires_when_a_drained_service_was_the_last_endpoint(project: Project) -> None:
    drained = workspace("state: draining")
    outcome = steps(project, TWO, (*TWO, drained))
    assert outcome.code == 0
    assert losses(outcome, "MG659") == [f"`c1` would lose its last endpoint for `{WEB}`: workspace `shop` is draining"]
    project.write(*TWO, workspace("exposedServices: []"))
    assert project.build().code == 0


def test_MG659_says_once_that_a_service_of_two_sources_is_draining(project: Project) -> None:
    before = (clusters("c1", "c2", "c3"), SHOP, inventory("c1"), inventory("c2", "web"), inventory("c3", "web"))
    drained = workspace(f"exposedServices: [{{host: {WEB}, state: draining}}]")
    outcome = steps(project, before, (*before, drained))
    assert losses(outcome, "MG659") == [f"`c1` would lose its last endpoint for `{WEB}`: it is draining"]


def test_one_cause_is_one_finding_that_names_all_and_points_at_it(project: Project) -> None:
    """Of both services `c1` has none, of `web` `c3` has a copy."""
    before = (clusters("c1", "c2", "c3"), SHOP, inventory("c1"), inventory("c2", "api", "web"), inventory("c3", "web"))
    steps(project, before, (*before, inventory("c2", "api", "web", gateway="addresses: []")))
    outcome = project.build("--check")
    last, failover = f"their last endpoint for `{API}`", f"their failover for `{WEB}`"
    assert losses(outcome) == [
        f"`c1` and `c3` would lose {last}; `c1` and `c3` would lose {failover}: gateway `shop/ew` of `c2` {GONE}"
    ]
    (found,) = [line for line in outcome.out.splitlines() if "MG656" in line]
    file, line, column = found.partition(": ")[0].rsplit(":", 2)
    text = (project.root / file).read_text().splitlines()[int(line) - 1]
    assert text[int(column) - 1 :].startswith("{name: ew, namespace: shop, addresses: []}")


def test_MG384_silent_where_a_build_says_who_loses_the_last_endpoint(project: Project) -> None:
    drained = (clusters("c1", "name: c2, state: draining"), *TWO[1:])
    outcome = steps(project, TWO, drained)
    assert (len(losses(outcome)), outcome.messages("MG384")) == (1, [])


def test_MG384_fires_where_a_build_knows_nothing_of_before(project: Project) -> None:
    outcome = steps(project, (clusters("c1", "name: c2, state: draining"), *TWO[1:]))
    assert (losses(outcome), len(outcome.messages("MG384"))) == ([], 1)


def test_nothing_is_written_and_the_switch_lets_it_happen(project: Project) -> None:
    steps(project, TWO, (*TWO, inventory("c2", "web", gateway="")))
    assert project.names("c1/*/serviceentry*") != []
    assert project.build("--check").code == 1
    outcome = project.build("--allow-withdrawal")
    assert outcome.code == 0
    assert "`--allow-withdrawal` lets it happen" in outcome.messages("MG656")[0]
    assert project.names("c1/*/serviceentry*") == []
    assert project.build("--check").code == 0


def test_only_what_the_clusters_that_are_written_lose_counts(project: Project) -> None:
    project.write(*THREE)
    project.build()
    project.write(*THREE, inventory("c3", "web", gateway=""))
    assert losses(project.build("--cluster", "c3")) == []
    assert losses(project.build("--cluster", "c2")) == [
        f"`c2` would lose its failover for `{WEB}`: gateway `shop/ew` of `c3` {GONE}"
    ]


def test_a_control_planes_consumers_count_too(project: Project) -> None:
    """Where the platform writes the entries, gateways may be known by hostname."""
    platform = clusters("c1", "c2", platform="tsb\n  tetrate: {organization: o, tenant: t, managementCluster: c1}")
    before = (platform, *TWO[1:3], inventory("c2", "web", gateway="hostname: lb.example.com"))
    outcome = steps(project, before, (*before, inventory("c2", "web", gateway="")))
    assert losses(outcome) == [f"`c1` would lose its last endpoint for `{WEB}`: gateway `shop/ew` of `c2` {GONE}"]
    outcome = steps(project, before, (*before, workspace("exposedServices: []")))
    assert len(outcome.messages("MG650")) == 1


def test_MG656_fires_when_one_source_lacks_a_port_and_takes_it_from_all(project: Project) -> None:
    outcome = steps(project, THREE, (*THREE, inventory("c3", "web", port="81")))
    assert losses(outcome) == [f"`c1` would lose port `80` of `{WEB}`: the Service in `c3` no longer has the port"]


def test_MG657_fires_when_consumers_do_not_accept_a_new_account_yet(project: Project) -> None:
    outcome = steps(project, THREE, (*THREE, inventory("c3", "web", account="other")))
    assert outcome.code == 0
    assert outcome.messages("MG657") == [
        f"`c1` and `c2` do not accept `cluster.local/ns/shop/sa/other` from `{WEB}` in `c3` before they are synced"
    ]
    assert project.build().messages("MG657") == []


def test_MG657_silent_when_a_source_comes_with_its_account(project: Project) -> None:
    before = (*THREE, inventory("c3"))
    assert steps(project, before, (*before, inventory("c3", "web", account="other"))).messages("MG657") == []


def test_MG658_fires_when_ports_come_and_go(project: Project) -> None:
    outcome = steps(project, TWO, (*TWO, inventory("c2", "web", port="81")))
    assert outcome.code == 0
    assert outcome.messages("MG658") == [
        f"`c1` has no way to port `81` of `{WEB}` before it is synced",
        f"no source of `{WEB}` has port `80` any more, which `c1` may call",
    ]


def test_MG658_silent_when_callers_have_a_copy_of_their_own(project: Project) -> None:
    after = (*COPY, inventory("c1", "web", port="81"), inventory("c2", "web", port="81"))
    assert steps(project, COPY, after).messages("MG658") == []


def test_MG659_silent_when_a_copy_of_their_own_is_left(project: Project) -> None:
    assert steps(project, COPY, (*COPY, workspace("state: draining"))).messages("MG659") == []
