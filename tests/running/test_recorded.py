"""What real proxies and a real istiod said in the lab (Istio 1.32, Envoy 1.40) against the fleets that ran there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshgen.pipeline import plan_fleet
from meshgen.running.dump import read_dump
from meshgen.running.expected import expected_hosts
from meshgen.running.proxies import compare_proxy

if TYPE_CHECKING:
    from meshgen.diagnostics import Diagnostic

DUMPS = Path(__file__).parent / "dumps"


def compare(fleet: str, cluster: str, dump: str) -> list[Diagnostic]:
    compilation = plan_fleet(DUMPS / fleet, frozenset({cluster}))
    assert compilation.plan is not None
    assert compilation.calls is not None
    (plan,) = [each for each in compilation.plan.clusters if each.cluster == cluster]
    expected = list(expected_hosts(compilation.calls, cluster))
    assert expected
    return list(compare_proxy(read_dump(DUMPS.joinpath(dump).read_bytes()), plan, expected))


@pytest.mark.parametrize(
    ("fleet", "cluster", "dump"),
    [
        ("bookinfo.yaml", "c1", "sidecar.json"),
        ("bookinfo.yaml", "c1", "sidecar-by-istiod.json"),
        ("bookinfo.yaml", "c2", "gateway.json"),
        ("ordered.yaml", "c1", "ordered.json"),
        ("weighted.yaml", "c1", "weighted.json"),
    ],
    ids=["sidecar", "sidecar by istiod", "gateway", "ordered", "weighted"],
)
def test_a_mesh_that_ran_as_planned_gives_no_findings(fleet: str, cluster: str, dump: str) -> None:
    found = compare(fleet, cluster, dump)
    assert [finding.message for finding in found] == []


@pytest.mark.parametrize("dump", ["sidecar.json", "sidecar-by-istiod.json"])
def test_both_forms_say_the_same(dump: str) -> None:
    proxy = read_dump(DUMPS.joinpath(dump).read_bytes())
    details = proxy.endpoints["details.bookinfo.svc.cluster.local", 9080]
    assert [(each.shown, each.priority, each.weight, each.healthy) for each in details] == [
        ("10.1.0.4:9080", 0, 1, True),
        ("192.0.2.2:15443", 1, 1, True),
        ("192.0.2.3:15443", 1, 1, True),
        ("192.0.2.4:15443", 1, 1, True),
    ]
    assert details[0].workload == "details"
    assert details[1].workload == "k-details-421249737ec43ba7986031f1bc9c43db"


def test_who_a_proxy_is() -> None:
    proxy = read_dump(DUMPS.joinpath("gateway.json").read_bytes())
    assert (proxy.name, proxy.namespace, proxy.role, proxy.network) == (
        "eastwest-gateway-0.bookinfo",
        "bookinfo",
        "gateway",
        "network-2",
    )
    assert proxy.server_names == {
        "outbound_.9080_._.details.bookinfo.svc.cluster.local",
        "outbound_.9080_._.reviews.bookinfo.svc.cluster.local",
    }
    by_istiod = read_dump(DUMPS.joinpath("sidecar-by-istiod.json").read_bytes())
    assert (by_istiod.name, by_istiod.role, by_istiod.network) == ("", "sidecar", None)


def test_the_routes_of_shares() -> None:
    proxy = read_dump(DUMPS.joinpath("weighted.json").read_bytes())
    shares = {"near.c1.bookinfo.mesh": 5, "near.c2.bookinfo.mesh": 3, "near.c3.bookinfo.mesh": 2}
    assert proxy.routes["near.bookinfo.svc.cluster.local", 9080] == (shares, shares)
