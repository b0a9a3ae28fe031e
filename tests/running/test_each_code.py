"""Each code of `meshgen verify` once with what it is about and once with its neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.running.command import Request, verify_cluster
from meshgen.running.dial import Answer
from tests.fleets import HAS, LACKS, compiled
from tests.running import changes, test_objects
from tests.running.istiod import Mesh
from tests.running.test_gateways import WEB_ID, asked
from tests.running.test_istiod import holding, said_of, syncz
from tests.running.test_objects import StandIn, held
from tests.running.test_proxies import THREE, WEB, WEIGHTED, findings, gateway_dump

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Codes = list[str]


def of_objects(change: Callable[[list[test_objects.Object]], None] | None = None) -> Codes:
    found = compiled(HAS)
    api = StandIn(held(found, "c1"))
    if change is not None:
        change(api.objects)
    return [text.split()[0] for text in test_objects.said(found, "c1", api)]


def of_proxy(change: Callable[[changes.Dump, int], str] | None, *texts: str) -> Codes:
    found = compiled(*(texts or (HAS,)))
    dump = Mesh(found, "c1").dump()
    if change is not None:
        change(dump, 0)
    return [finding.code for finding in findings(found, "c1", dump)]


def of_gateway(dump: changes.Dump) -> Codes:
    return [finding.code for finding in findings(compiled(HAS), "c2", dump)]


def of_answer(answer: Answer) -> Codes:
    return [text.split()[0] for text in asked(lambda _dial: answer, LACKS)]


def of_file(tmp_path: Path, text: str) -> Codes:
    file = tmp_path / "dump.json"
    file.write_text(text)
    found = compiled(HAS)
    request = Request("c1", None, dials=False, config_dumps=(str(file),))
    return [finding.code for finding in verify_cluster(request, found.plan, found.calls).findings]


def test_MG760_fires_for_an_object_that_is_gone() -> None:
    assert of_objects(test_objects.delete) == ["MG760"]


def test_MG760_silent_where_all_are_there() -> None:
    assert of_objects() == []


def test_MG761_fires_for_a_field_that_was_edited() -> None:
    assert of_objects(test_objects.edit) == ["MG761"]


def test_MG761_silent_about_what_others_add() -> None:
    def add(objects: list[test_objects.Object]) -> None:
        for body in objects:
            body["metadata"]["labels"] = {**body["metadata"]["labels"], "example.com/added": "by others"}
            body["status"] = {"observedGeneration": 1}

    assert of_objects(add) == []


def test_MG762_fires_for_what_an_earlier_fleet_left() -> None:
    assert of_objects(test_objects.old) == ["MG762"]


def test_MG762_silent_about_what_a_controller_made_of_ours() -> None:
    assert of_objects(test_objects.made_by_a_controller) == []


def test_MG763_fires_for_an_object_that_istiod_does_not_hold() -> None:
    assert [text.split()[0] for text in said_of(holding("WorkloadEntry"))] == ["MG763"] * 2
    assert of_objects(test_objects.refused) == ["MG763"]


def test_MG763_silent_where_istiod_holds_all() -> None:
    assert said_of(holding()) == []


def test_MG764_fires_for_a_dump_without_endpoints(tmp_path: Path) -> None:
    assert of_file(tmp_path, '{"configs": [{"@type": "a.BootstrapConfigDump"}]}') == ["MG764"]


def test_MG764_silent_about_a_dump_with_them(tmp_path: Path) -> None:
    assert "MG764" not in of_file(tmp_path, '{"configs": [{"@type": "a.EndpointsConfigDump"}]}')


def test_MG765_fires_for_another_network() -> None:
    assert of_proxy(changes.other_network) == ["MG765"]


def test_MG765_silent_about_a_dump_that_names_none() -> None:
    found = compiled(HAS)
    dump = Mesh(found, "c1").dump()
    del dump["configs"][0]
    assert findings(found, "c1", dump) == []


def test_MG766_fires_for_a_host_that_is_not_known() -> None:
    assert of_proxy(changes.without_host) == ["MG766"]


def test_MG766_silent_about_hosts_of_others() -> None:
    found = compiled(HAS)
    dump = Mesh(found, "c1").dump()
    changes.assignments(dump).append({"cluster_name": "outbound|80||x.example.com", "endpoints": []})
    assert findings(found, "c1", dump) == []


def test_MG767_fires_for_an_endpoint_that_is_missing() -> None:
    assert of_proxy(changes.without_endpoint) == ["MG767"]


def test_MG767_silent_where_all_are_known() -> None:
    assert of_proxy(None, HAS, THREE) == []


def test_MG768_fires_for_an_old_address() -> None:
    assert of_proxy(changes.old_address) == ["MG768"]


def test_MG768_silent_about_pods() -> None:
    found = compiled(HAS)
    assert findings(found, "c1", Mesh(found, "c1", pods=3).dump()) == []


def test_MG769_fires_for_a_service_without_pods() -> None:
    assert of_proxy(changes.without_pods) == ["MG769"]


def test_MG769_silent_about_a_copy_that_leaves() -> None:
    found = compiled(HAS, HAS.split("---")[-1].replace("- {name: web,", "- {state: leaving, name: web,"))
    dump = Mesh(found, "c1").dump()
    changes.without_pods(dump, 0)
    assert findings(found, "c1", dump) == []


def test_MG770_fires_for_priorities_the_other_way_round() -> None:
    assert of_proxy(changes.backwards) == ["MG770"]


def test_MG770_silent_where_the_own_zone_comes_first() -> None:
    zone_aware = """
kind: Workspace
metadata: {name: shop}
spec:
  namespaceSelector: {names: ["*/shop"]}
  eastWestGateway: {name: ew, namespace: shop}
  failover: {zoneAware: true}
"""
    found = compiled(HAS, zone_aware)
    dump = Mesh(found, "c1", pods=3).dump()
    assert len(changes.assignments(dump)[0]["endpoints"]) == 3
    assert findings(found, "c1", dump) == []


def test_MG771_fires_for_other_shares() -> None:
    assert of_proxy(changes.other_shares, HAS, THREE, WEIGHTED) == ["MG771"]


def test_MG771_silent_about_the_same_shares_in_other_numbers() -> None:
    found = compiled(LACKS, THREE, WEIGHTED)
    dump = Mesh(found, "c1").dump()
    for _, _, endpoint in changes.placed(dump):
        endpoint["load_balancing_weight"] *= 6
    assert findings(found, "c1", dump) == []


def test_MG772_fires_for_an_endpoint_that_was_ejected() -> None:
    assert of_proxy(changes.ejected) == ["MG772"]


def test_MG772_silent_about_pods_which_are_the_teams() -> None:
    found = compiled(HAS)
    dump = Mesh(found, "c1", pods=2).dump()
    pod = next(each for _, _, each in changes.placed(dump) if "k-" not in str(each["metadata"]))
    pod["health_status"] = "UNHEALTHY"
    assert findings(found, "c1", dump) == []


def test_MG773_fires_for_a_gateway_without_the_listener() -> None:
    assert of_gateway(gateway_dump()) == ["MG773"]


def test_MG773_silent_about_gateways_of_others() -> None:
    dump = gateway_dump()
    dump["configs"][0]["bootstrap"]["node"]["metadata"]["LABELS"] = {"app": "another"}
    assert of_gateway(dump) == []
    assert of_gateway(gateway_dump(WEB)) == []


def test_MG774_fires_for_a_proxy_that_refuses() -> None:
    assert [text.split()[0] for text in said_of(syncz("duplicate"))] == ["MG774"]


def test_MG774_silent_where_all_is_taken() -> None:
    assert said_of(syncz("")) == []


def test_MG775_fires_where_nobody_takes_connections() -> None:
    assert of_answer(Answer(refused="connection refused")) == ["MG775"] * 2


def test_MG775_silent_where_somebody_does() -> None:
    assert of_answer(Answer(identities=(WEB_ID,), trusted=True)) == []


def test_MG776_fires_where_connections_are_closed() -> None:
    assert of_answer(Answer(lost="closes")) == ["MG776"]


def test_MG776_silent_where_nobody_can_tell() -> None:
    assert of_answer(Answer()) == []


def test_MG777_fires_for_another_account() -> None:
    assert of_answer(Answer(identities=("spiffe://cluster.local/ns/shop/sa/x",), trusted=True)) == ["MG777"]


def test_MG777_silent_where_one_of_several_names_is_right() -> None:
    assert of_answer(Answer(identities=("spiffe://other/x", WEB_ID), trusted=True)) == []


def test_MG778_fires_for_another_root() -> None:
    assert of_answer(Answer(identities=(WEB_ID,), trusted=False)) == ["MG778"]


def test_MG778_silent_where_nobody_knows_the_root() -> None:
    assert of_answer(Answer(identities=(WEB_ID,))) == []
