"""Which clusters are called, in which order and with which shares."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from meshgen.analysis.traffic import NEAREST, Arrangement, Ranked, Unused, arrange, effective_traffic
from meshgen.language.cluster import Cluster
from meshgen.language.traffic import Region, TrafficPolicy

CLUSTERS = [
    Cluster.model_validate(item)
    for item in (
        {"name": "de", "region": "eu-central-1", "labels": {"zone": "eu"}},
        {"name": "ie", "region": "eu-west-1", "labels": {"zone": "eu"}},
        {"name": "sg", "region": "ap-southeast-1", "labels": {"tier": "standby"}},
        {"name": "us", "region": "us-east-1", "labels": {}},
    )
]
REGIONS = {"eu-west-1": Region(name="eu-west-1", near=["eu-central-1", "us-east-1"])}


def policy(**fields: Any) -> TrafficPolicy:
    return TrafficPolicy.model_validate(fields)


def arranged(
    policies: list[TrafficPolicy], own: str | None = "ie", regions: dict[str, Region] = REGIONS
) -> Arrangement:
    return arrange(effective_traffic(*policies), CLUSTERS, region="eu-west-1", own=own, regions=regions)


def names(arrangement: Arrangement) -> list[list[str]]:
    return [[ranked.cluster for ranked in level] for level in arrangement.levels]


@pytest.mark.parametrize(
    ("own", "regions", "levels"),
    [
        ("ie", {}, [["ie"], ["de", "sg", "us"]]),
        ("ie", REGIONS, [["ie"], ["de"], ["us"], ["sg"]]),
        (None, REGIONS, [["ie"], ["de"], ["us"], ["sg"]]),
    ],
)
def test_the_nearest_are_the_own_copy_the_own_region_and_then_as_the_fleet_says(
    own: str | None, regions: dict[str, Region], levels: list[list[str]]
) -> None:
    assert names(arranged([], own, regions)) == levels


def test_an_own_copy_comes_before_others_of_its_region() -> None:
    clusters = [*CLUSTERS, Cluster(name="ie-2", region="eu-west-1")]
    found = arrange(NEAREST, clusters, region="eu-west-1", own="ie-2", regions={})
    assert names(found) == [["ie-2"], ["ie"], ["de", "sg", "us"]]


def test_an_order_names_every_cluster_that_is_used() -> None:
    found = arranged([policy(mode="ordered", order=[{"names": ["us"]}, {"labels": {"zone": "eu"}}])])
    assert names(found) == [["us"], ["de", "ie"]]
    assert found.unused == (Unused("sg", "not named"),)


def test_shares_are_of_the_clusters_of_an_item_together() -> None:
    weights = [{"labels": {"zone": "eu"}, "share": 70}, {"names": ["us"], "share": 30}, {"names": ["*"], "share": 0}]
    found = arranged([policy(mode="weighted", weights=weights)])
    assert found.levels == (
        (Ranked("de", Fraction(7, 20)), Ranked("ie", Fraction(7, 20)), Ranked("us", Fraction(3, 10))),
    )
    assert found.unused == (Unused("sg", "share 0"),)


def test_shares_of_clusters_that_do_not_serve_go_to_the_others_in_proportion() -> None:
    weights = [{"names": ["fr"], "share": 50}, {"names": ["us"], "share": 30}, {"names": ["sg"], "share": 20}]
    found = arranged([policy(mode="weighted", weights=weights)])
    assert found.levels == ((Ranked("sg", Fraction(2, 5)), Ranked("us", Fraction(3, 5))),)


def test_nobody_widens_the_sources_of_somebody_further_out() -> None:
    found = arranged([policy(sources={"names": ["us", "ie"]}), policy(sources={"labels": {"zone": "eu"}})])
    assert names(found) == [["ie"]]
    assert found.unused == (Unused("de", "sources"), Unused("sg", "sources"), Unused("us", "sources"))


def test_fields_are_inherited_one_by_one() -> None:
    found = effective_traffic(policy(mode="ordered"), None, policy(mode="weighted", order=[{"names": ["us"]}]))
    assert (found.mode, [item.names for item in found.order]) == ("ordered", [["us"]])
