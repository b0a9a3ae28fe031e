from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from lab.__main__ import SCENARIOS, with_scenarios
from lab.dns import Zone, answer
from lab.facts import copy_with_test_addresses, read_facts
from lab.load import Report, Request
from lab.tetrate import custom_resources
from lab.workloads import urls

if TYPE_CHECKING:
    from pathlib import Path


def _request(sent: float, cluster: str = "c1", *, status: int = 200, took: float = 0.1) -> Request:
    return Request("key", sent, took, status, json.dumps({"cluster": cluster}))


def test_a_report_counts_answers_losses_and_the_longest_gap() -> None:
    report = Report([_request(1.0), _request(2.0, "c2"), _request(2.5, status=503), _request(4.0, "c2")])
    assert (report.sent, report.by_cluster, len(report.lost)) == (4, {"c1": 1, "c2": 2}, 1)
    assert round(report.longest_gap, 6) == 2.0


def test_the_end_of_a_report_is_counted_from_its_last_request() -> None:
    report = Report([_request(1.0), _request(7.0), _request(9.5, "c2"), _request(10.0, "c2")])
    assert report.last(3).by_cluster == {"c1": 1, "c2": 2}
    assert report.last(1).by_cluster == {"c2": 2}


def test_a_report_without_requests_has_no_end() -> None:
    assert Report([]).last(3).sent == 0


def test_a_service_is_reached_by_a_url_for_each_port_in_its_protocol() -> None:
    ports = [{"name": "http", "port": 80}, {"name": "grpc", "port": 50051}, {"name": "tcp-db", "port": 3306}]
    assert urls({"name": "a", "namespace": "b", "ports": ports}) == [
        "http://a.b.svc.cluster.local:80/",
        "grpc://a.b.svc.cluster.local:50051/",
        "tcp://a.b.svc.cluster.local:3306/",
    ]


def test_all_scenarios_run_unless_files_of_them_are_named(tmp_path: Path) -> None:
    page = tmp_path / "figures.md"
    page.touch()
    assert with_scenarios(["--figures", str(page)]) == ["--figures", str(page), str(SCENARIOS)]
    named = f"{SCENARIOS}/test_6_loops.py::test_one"
    assert with_scenarios([named]) == [named]


def test_an_answer_that_names_no_cluster_is_not_taken_for_one() -> None:
    assert Request("key", 0, 0, 200, "truncat").cluster == ""


def _query(name: str, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def test_names_are_answered_per_cluster_or_for_all() -> None:
    zone = Zone(hosts={"lb.example": ["198.51.100.1"]}, services={1: {"a.b.svc.cluster.local": "10.96.0.9"}})
    assert answer(_query("lb.example"), zone, "10.2.0.9").endswith(bytes([198, 51, 100, 1]))
    assert answer(_query("A.b.svc.cluster.local"), zone, "10.1.0.9").endswith(bytes([10, 96, 0, 9]))
    no_such_name = 3
    assert answer(_query("a.b.svc.cluster.local"), zone, "10.2.0.9")[3] & 0xF == no_such_name


def test_public_addresses_become_test_addresses_one_to_one(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    inventory = {"gateways": [{"name": "g", "namespace": "n", "addresses": ["18.1.2.3", "18.1.2.33", "192.0.2.1"]}]}
    documents = [
        {"kind": "Fleet", "metadata": {"name": "f"}, "spec": {"platform": "istio", "clusters": [{"name": "c1"}]}},
        {"kind": "Inventory", "metadata": {"name": "c1"}, "spec": inventory},
    ]
    (fleet / "fleet.yaml").write_text("\n---\n".join(map(json.dumps, documents)), encoding="utf-8")
    copy = copy_with_test_addresses(fleet, tmp_path / "copy")
    assert read_facts(copy).clusters["c1"].addresses("n", "g") == ["192.0.2.3", "192.0.2.2", "192.0.2.1"]


def test_tetrates_kinds_are_served_from_our_schemas() -> None:
    kinds = {(crd["spec"]["group"], crd["spec"]["names"]["kind"]) for crd in custom_resources()}
    assert ("install.tetrate.io", "IngressGateway") in kinds
    assert ("settings.tetrate.io", "WorkspaceSetting") in kinds
