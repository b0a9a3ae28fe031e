"""From a fleet to records, files and objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.cli import main
from meshgen.emit.signature import SIGNATURE
from meshgen.plan.diff import diff
from meshgen.plan.keys import Key
from tests.dns.fleets import CLUSTERS, EVERY_PROVIDER, HOST, NEAREST, ORDERED, ROUTE53, WEIGHTED, host, zones
from tests.fleets import Compiled, compiled, fleet, read

if TYPE_CHECKING:
    from pathlib import Path


def plan_file(found: Compiled) -> dict[str, Any]:
    return dict(json.loads(found.files["_dns/plan.json"]))


def plan_of(*texts: str) -> dict[str, Any]:
    """The only record of the plan file."""
    found = compiled(CLUSTERS, *texts)
    assert found.errors == []
    plan = plan_file(found)
    (record,) = (record for zone in plan["zones"] for record in zone["records"])
    return dict(record)


def pools(record: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    return [
        (pool["name"], {member["cluster"]: member["weight"] for member in pool["members"]}) for pool in record["pools"]
    ]


def test_entry_points_are_answered_all_together_where_nobody_says_more() -> None:
    assert plan_of(host(HOST)) == {
        "host": HOST,
        "ttl": 60,
        "steering": "weighted",
        "pools": [
            {
                "name": "all",
                "members": [
                    {
                        "entryPoint": "e1/edge/edge",
                        "cluster": "e1",
                        "region": "eu-west-1",
                        "addresses": ["198.51.100.11", "198.51.100.12"],
                        "weight": 1,
                        "state": "active",
                    },
                    {
                        "entryPoint": "e2/edge/edge",
                        "cluster": "e2",
                        "region": "us-east-1",
                        "addresses": ["198.51.100.2"],
                        "weight": 1,
                        "state": "active",
                    },
                ],
            }
        ],
        "lastResort": ["e1/edge/edge", "e2/edge/edge"],
    }


@pytest.mark.parametrize(
    ("fields", "steering", "found", "last"),
    [
        (ORDERED, "ordered", [("level-1", {"e2": 1}), ("level-2", {"e1": 1})], ["e2"]),
        (WEIGHTED, "weighted", [("all", {"e1": 7, "e2": 3})], ["e1", "e2"]),
        (NEAREST, "nearest", [("eu-west-1", {"e1": 1}), ("us-east-1", {"e2": 1})], ["e1", "e2"]),
        ("entryPoints: {sources: {names: [e1]}}", "weighted", [("all", {"e1": 1})], ["e1"]),
    ],
)
def test_the_policy_of_entry_points_becomes_pools(
    fields: str, steering: str, found: list[tuple[str, dict[str, int]]], last: list[str]
) -> None:
    record = plan_of(host(HOST, fields))
    assert record["steering"] == steering
    assert pools(record) == found
    assert [at.partition("/")[0] for at in record["lastResort"]] == last


def test_without_an_edge_dns_leads_to_the_ingress_gateways() -> None:
    record = plan_of(host(HOST, edge=False))
    assert [(at["entryPoint"], at["hostname"]) for at in record["pools"][0]["members"]] == [
        ("c1/shop/plain", "plain.elb.eu-west-1.amazonaws.com")
    ]


def test_what_drains_stays_in_the_plan_and_the_rest_keeps_its_shares() -> None:
    record = plan_of(
        CLUSTERS.replace("- {name: e2,", "- {name: e3, network: n5, role: edge, region: us-east-1}\n  - {name: e2,"),
        "kind: Inventory\nmetadata: {name: e3}\n"
        "spec: {gateways: [{name: edge, namespace: edge, addresses: [198.51.100.3]}]}",
        host(
            HOST,
            "draining: {names: [e1]}\n  entryPoints: {mode: weighted, weights: "
            "[{names: [e1], share: 50}, {names: [e2], share: 30}, {names: [e3], share: 20}]}",
        ),
    )
    states = {at["cluster"]: (at["weight"], at["state"]) for at in record["pools"][0]["members"]}
    assert states["e1"][1] == "draining"
    assert states["e2"][0] * 2 == states["e3"][0] * 3
    assert record["lastResort"] == ["e1/edge/edge", "e2/edge/edge", "e3/edge/edge"]


def test_a_gateway_whose_address_nobody_knows_yet_is_in_the_plan() -> None:
    record = plan_of(host(HOST), "kind: Inventory\nmetadata: {name: e2}\nspec: {}")
    assert [at.get("addresses") for at in record["pools"][0]["members"]] == [["198.51.100.11", "198.51.100.12"], None]


CANARY = "  canary: {host: canary.example.com, image: docker.io/kennethreitz/httpbin:latest, path: /status/200}"
CHECK = "healthCheck: {host: health.example.com, path: /web, interval: 1500ms, threshold: 2}"
ZONE = "{name: example.com}"


@pytest.mark.parametrize(
    ("texts", "probe"),
    [
        ([host(HOST), zones(ZONE)], None),
        (
            [host(HOST), zones(ZONE, more=CANARY)],
            {
                "protocol": "http",
                "port": 80,
                "path": "/status/200",
                "host": "canary.example.com",
                "expectedStatus": 200,
            },
        ),
        (
            [host(HOST, "tls: {credentialName: shop}"), zones(ZONE, more=CANARY)],
            {
                "protocol": "http",
                "port": 80,
                "path": "/status/200",
                "host": "canary.example.com",
                "expectedStatus": 200,
            },
        ),
        (
            [host(HOST, CHECK.replace("1500ms", "1m30s")), zones(ZONE, more=CANARY)],
            {
                "protocol": "http",
                "port": 80,
                "path": "/web",
                "host": "health.example.com",
                "expectedStatus": 200,
                "intervalSeconds": 90,
                "threshold": 2,
            },
        ),
        (
            [host(HOST, f"tls: {{credentialName: shop}}\n  {CHECK.replace('1500ms', '10s')}"), zones(ZONE)],
            {
                "protocol": "https",
                "port": 443,
                "path": "/web",
                "host": "health.example.com",
                "expectedStatus": 200,
                "intervalSeconds": 10,
                "threshold": 2,
            },
        ),
    ],
)
def test_the_probe_is_the_hosts_health_check_else_the_canary(texts: list[str], probe: dict[str, Any] | None) -> None:
    assert plan_of(*texts).get("probe") == probe


@pytest.mark.parametrize("fields", ["", "tls: {credentialName: shop}"])
def test_what_the_probe_asks_is_what_entry_points_answer(fields: str) -> None:
    found = compiled(CLUSTERS, zones(ZONE, more=CANARY), host(HOST, fields))
    probe = plan_file(found)["zones"][0]["records"][0]["probe"]
    servers = [
        (at.cluster, server["port"]["protocol"].lower(), server["port"]["number"])
        for at in found.manifests("Gateway.networking.istio.io")
        for server in at.body["spec"]["servers"]
        if server["hosts"] == [probe["host"]] and at.cluster.startswith("e")
    ]
    assert servers == [(cluster, probe["protocol"], probe["port"]) for cluster in ("e1", "e2")]


def test_names_of_probes_lead_to_the_entry_points_that_answer_for_them() -> None:
    found = compiled(CLUSTERS, zones("{name: sub.example.com}", ZONE, more=CANARY), host("shop.sub.example.com"))
    plan = plan_file(found)
    assert {
        zone["name"]: {
            record["host"]: [member["cluster"] for pool in record["pools"] for member in pool["members"]]
            for record in zone.get("probes", [])
        }
        for zone in plan["zones"]
    } == {
        "example.com": {
            "canary-c1.example.com": ["e1", "e2"],
            "canary-c2.example.com": ["e1", "e2"],
            "canary.example.com": ["e1", "e2"],
        },
        "sub.example.com": {},
    }


@pytest.mark.parametrize(
    ("provider", "wrote"),
    [
        ("octoDNS", ["canary", "canary-c1", "canary-c2", "shop"]),
        ("externalDNS", ["canary-c1.example.com", "canary-c2.example.com", "canary.example.com", HOST]),
    ],
)
def test_providers_write_names_of_probes_as_others(provider: str, wrote: list[str]) -> None:
    found = compiled(CLUSTERS, zones(f"{{name: example.com, provider: {provider}}}", more=CANARY), host(HOST))
    assert found.errors == []
    if provider == "octoDNS":
        zone = read(found.files["_dns/octoDNS/example.com.yaml"].decode())
        assert list(zone) == wrote
    else:
        assert sorted(at.name for at in found.manifests("DNSEndpoint") if at.cluster == "e1") == wrote


def test_a_name_that_the_provider_cannot_write_is_in_the_plan_only() -> None:
    found = compiled(
        CLUSTERS,
        zones(
            "{name: example.com, provider: terraform, healthCheckIds: {c1/shop/plain: check-1}}",
            more=CANARY,
        ),
        host("addresses.example.com"),
        host("hostname.example.com", edge=False),
    )
    assert found.errors == []
    plan = plan_file(found)
    resources = json.loads(found.compilation.files["_dns/terraform/example.com.tf.json"])["resource"]
    names = {record["name"] for record in resources["aws_route53_record"].values()}
    assert "canary.example.com" in [record["host"] for record in plan["zones"][0]["probes"]]
    assert names == {"addresses.example.com", "canary-c2.example.com", "hostname.example.com"}


def test_a_host_is_in_the_longest_zone_that_it_ends_with() -> None:
    found = compiled(
        CLUSTERS,
        zones("{name: example.com}", "{name: eu.example.com}"),
        host("shop.eu.example.com"),
        host("eu.example.com"),
    )
    plan = plan_file(found)
    assert [(zone["name"], [record["host"] for record in zone["records"]]) for zone in plan["zones"]] == [
        ("eu.example.com", ["eu.example.com", "shop.eu.example.com"])
    ]


def test_origin_names_are_below_the_host() -> None:
    record = plan_of(host(HOST), zones("{name: example.com, originNames: true}"))
    assert [at["originName"] for at in record["pools"][0]["members"]] == [
        "e1-edge-edge-b73eec7a.shop.example.com",
        "e2-edge-edge-d8ec2e58.shop.example.com",
    ]


def every() -> Compiled:
    return compiled(*EVERY_PROVIDER)


def test_each_provider_writes_where_it_is_read() -> None:
    found = every()
    assert found.errors == []
    dns = sorted(path for path in found.compilation.files if "dns" in path or "gslb" in path or "route53" in path)
    assert dns == [
        "_dns/octoDNS/octo.example.com.yaml",
        "_dns/plan.json",
        "_dns/terraform/tf.example.com.tf.json",
        "c1/shop/gslb.k8gb.io_named.k8gb.example.com.yaml",
        "e1/edge/dnsendpoint.externaldns.k8s.io_shop.ext.example.com.yaml",
        "e1/edge/gslb.k8gb.io_first.k8gb.example.com.yaml",
        "e1/edge/gslb.k8gb.io_shared.k8gb.example.com.yaml",
        "e2/edge/dnsendpoint.externaldns.k8s.io_shop.ext.example.com.yaml",
        "e2/edge/gslb.k8gb.io_first.k8gb.example.com.yaml",
        "e2/edge/gslb.k8gb.io_shared.k8gb.example.com.yaml",
    ]


def test_the_route_53_controller_is_prepared_in_each_cluster_and_reads_gateways() -> None:
    found = compiled(*ROUTE53)
    assert found.errors == []
    assert sorted(path for path in found.compilation.files if "route53" in path) == [
        "_dns/route53Controller/hosted-zones.yaml",
        "_setup/e1/route53-access.yaml",
        "_setup/e1/route53-control-plane-values.yaml",
        "_setup/e1/route53-service-account.yaml",
        "_setup/e2/route53-access.yaml",
        "_setup/e2/route53-control-plane-values.yaml",
        "_setup/e2/route53-service-account.yaml",
    ]
    said = {
        annotations["dns.example.com/set-identifier"]: annotations["dns.example.com/aws-weight"]
        for at in found.manifests("Gateway.gateway.tsb.tetrate.io")
        if "dns.example.com/ttl" in (annotations := at.metadata["annotations"])
    }
    assert said == {"e1/edge/edge": "7", "e2/edge/edge": "3"}


def test_a_dns_endpoint_has_the_targets_of_its_own_cluster_only() -> None:
    assert [
        (at.cluster, at.namespace, at.body["spec"]["endpoints"][0]["targets"])
        for at in every().manifests("DNSEndpoint")
    ] == [("e1", "edge", ["198.51.100.11", "198.51.100.12"]), ("e2", "edge", ["198.51.100.2"])]


def test_every_file_is_known_as_ours_by_its_first_lines_and_its_path() -> None:
    for path, content in every().compilation.files.items():
        assert SIGNATURE.fits(path, content), path
        assert SIGNATURE.fits(path, content.replace(b"\n", b"\r\n")), path
        assert not SIGNATURE.fits(f"_dns/mine/{path.rpartition('/')[2]}.txt", content)


def test_a_person_may_write_json_beside_it() -> None:
    assert not SIGNATURE.begins(b'{\n  "//": "Code by me",\n}\n')
    assert not SIGNATURE.begins(b"{}")


def test_a_fleet_without_zones_has_no_dns() -> None:
    bare = CLUSTERS.replace("  dns: {zones: [{name: example.com, provider: none}]}\n", "")
    found = compiled(bare, host(HOST))
    assert found.errors == []
    assert [path for path in found.compilation.files if path.startswith("_dns")] == []


def test_a_change_of_an_order_is_a_change_of_the_record_and_of_nothing_else() -> None:
    old, new = compiled(CLUSTERS, host(HOST, ORDERED)).plan, compiled(CLUSTERS, host(HOST, WEIGHTED)).plan
    found = diff(old, new)
    assert (list(found.added), list(found.removed)) == ([], [])
    assert list(found.changed) == [Key("", "DnsRecord", "example.com", HOST)]
    assert diff(old, compiled(CLUSTERS, host(HOST, f"{ORDERED} # why")).plan).changed == {}


def test_a_file_about_the_fleet_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fleet.yaml").write_text(fleet(CLUSTERS, host(HOST)))
    assert main(["explain", "output/_dns/plan.json", "--fleet", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("plan.json of the fleet; not synced, for people to put there\n")
    assert '11 |           "ttl": 60,\n   = how long clients may keep an answer; by default a minute\n' in out
    assert "nobody says why" not in out
    assert main(["explain", "output/_dns/plan.json:10", "--fleet", str(tmp_path)]) == 0


def test_a_build_of_one_cluster_leaves_the_fleets_files_alone(tmp_path: Path) -> None:
    source, output = tmp_path / "fleet", tmp_path / "output"
    source.mkdir()
    (source / "fleet.yaml").write_text(fleet(CLUSTERS, host(HOST)))
    build = ["build", str(source), "-o", str(output), "--kubeconform=off"]
    assert main(build) == 0
    before = (output / "_dns/plan.json").read_bytes()
    (source / "fleet.yaml").write_text(fleet(CLUSTERS, host(HOST, ORDERED)))
    assert main([*build, "--cluster", "e1"]) == 0
    assert (output / "_dns/plan.json").read_bytes() == before
    assert main(build) == 0
    assert (output / "_dns/plan.json").read_bytes() != before
