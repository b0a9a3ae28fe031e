"""What a cluster gets for a host that it lacks (reference: Istio, ServiceEntry with gateways as endpoints)."""

from __future__ import annotations

import pytest

from tests.fleets import LACKS, compiled, read

WEB = "web.shop.svc.cluster.local"


def test_the_service_entry_in_full() -> None:
    assert compiled(LACKS).body("ServiceEntry") == read("""
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: web.shop.svc.cluster.local
  namespace: meshgen-multicluster
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "3", meshgen.io/source: workspace/shop}
spec:
  hosts: [web.shop.svc.cluster.local]
  addresses: [240.241.68.148]
  exportTo: ["*"]
  location: MESH_INTERNAL
  resolution: STATIC
  subjectAltNames: [spiffe://cluster.local/ns/shop/sa/web]
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints:
  - address: 192.0.2.1
    network: meshgen-c2.shop.ew
    locality: us
    ports: {http: 15443}
    labels: {security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
  - address: 192.0.2.2
    network: meshgen-c2.shop.ew
    locality: us
    ports: {http: 15443}
    labels: {security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
""")


def test_its_destination_rule_has_its_name_and_namespace() -> None:
    assert compiled(LACKS).names("DestinationRule") == [f"meshgen-multicluster/{WEB}"]


def settings(exposed: str, fleet: str = "") -> str:
    return f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us, network: n2}}]
  {fleet}
---
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  exposedServices: [{{host: {WEB}, {exposed}}}]
"""


def source(service: str = "serviceAccounts: [web], ports: [{name: http, port: 80}]", istio: str = "{}") -> str:
    return f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  istio: {istio}
  namespaces: [{{name: shop}}]
  services: [{{name: web, namespace: shop, selector: {{app: web}}, {service}}}]
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.1, 192.0.2.2]}}]
"""


def test_consumer_namespaces_see_the_entry_its_rule_and_its_route() -> None:
    client = """
kind: Inventory
metadata: {name: c1}
spec: {namespaces: [{name: shop}, {name: front}]}
"""
    found = compiled(LACKS, client, settings("consumerNamespaces: [shop, front]"))
    assert found.spec("ServiceEntry")["exportTo"] == ["front", "shop"]
    assert found.spec("DestinationRule")["exportTo"] == ["front", "shop"]


def test_accounts_become_identities_in_the_namespace_and_trust_domain_of_the_source() -> None:
    found = compiled(
        LACKS,
        settings("", "trustDomain: example.org"),
        source("serviceAccounts: [web-b, web-a], ports: [{name: http, port: 80}]"),
    )
    assert found.spec("ServiceEntry")["subjectAltNames"] == [
        "spiffe://example.org/ns/shop/sa/web-a",
        "spiffe://example.org/ns/shop/sa/web-b",
    ]
    assert all("serviceAccount" not in endpoint for endpoint in found.spec("ServiceEntry")["endpoints"])


THIRD = """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters:
  - {name: c1, region: eu, network: n1}
  - {name: c2, region: us, network: n2}
  - {name: c3, region: us, network: n3}
"""


def third(service: str) -> str:
    return f"""{THIRD}
---
kind: Inventory
metadata: {{name: c3}}
spec:
  namespaces: [{{name: shop}}]
  services: [{{name: web, namespace: shop, selector: {{app: web}}, {service}}}]
  gateways: [{{name: ew, namespace: shop, addresses: [203.0.113.1]}}]
"""


def test_identities_of_all_sources_are_accepted() -> None:
    found = compiled(LACKS, third("serviceAccounts: [site], ports: [{name: http, port: 80}]"))
    assert found.spec("ServiceEntry", cluster="c1")["subjectAltNames"] == [
        "spiffe://cluster.local/ns/shop/sa/site",
        "spiffe://cluster.local/ns/shop/sa/web",
    ]


def test_an_identity_of_several_sources_is_accepted_once() -> None:
    found = compiled(LACKS, third("serviceAccounts: [web], ports: [{name: http, port: 80}]"))
    assert found.spec("ServiceEntry", cluster="c1")["subjectAltNames"] == ["spiffe://cluster.local/ns/shop/sa/web"]


def test_an_unknown_account_of_one_source_switches_the_check_off() -> None:
    found = compiled(LACKS, third("ports: [{name: http, port: 80}]"))
    assert "subjectAltNames" not in found.spec("ServiceEntry", cluster="c1")


def test_a_port_that_only_one_source_has_is_left_out() -> None:
    found = compiled(LACKS, third("serviceAccounts: [web], ports: [{name: grpc, port: 90}, {name: http, port: 80}]"))
    entry = found.spec("ServiceEntry", cluster="c1")
    assert entry["ports"] == [{"number": 80, "name": "http", "protocol": "HTTP"}]
    assert {tuple(endpoint["ports"]) for endpoint in entry["endpoints"]} == {("http",)}
    assert "MG344" in found.codes


@pytest.mark.parametrize(
    ("port", "written"),
    [
        ("{name: http, port: 80}", {"number": 80, "name": "http", "protocol": "HTTP"}),
        ("{name: http2-api, port: 80}", {"number": 80, "name": "http2-api", "protocol": "HTTP2"}),
        ("{name: grpc, port: 80}", {"number": 80, "name": "grpc", "protocol": "GRPC"}),
        ("{name: tcp-db, port: 80}", {"number": 80, "name": "tcp-db", "protocol": "TCP"}),
        ("{name: api, port: 80, appProtocol: http}", {"number": 80, "name": "api", "protocol": "HTTP"}),
        ("{name: http, port: 80, appProtocol: grpc}", {"number": 80, "name": "http", "protocol": "GRPC"}),
        ("{name: web, port: 80}", {"number": 80, "name": "web"}),
        ("{name: db, port: 3306}", {"number": 3306, "name": "db", "protocol": "TCP"}),
        ("{name: http-rpc, port: 80, appProtocol: example.com/thrift}", {"number": 80, "name": "http-rpc"}),
        ("{name: http, port: 80, targetPort: 8080}", {"number": 80, "name": "http", "protocol": "HTTP"}),
    ],
)
def test_a_port_says_what_istio_takes_the_sources_for(port: str, written: dict[str, object]) -> None:
    assert compiled(LACKS, source(f"ports: [{port}]")).spec("ServiceEntry")["ports"] == [written]


def test_udp_ports_are_left_out() -> None:
    found = compiled(LACKS, source("ports: [{name: dns, port: 53, protocol: UDP}, {name: http, port: 80}]"))
    assert [port["name"] for port in found.spec("ServiceEntry")["ports"]] == ["http"]


def client(istio: str) -> str:
    return f"""
kind: Inventory
metadata: {{name: c1}}
spec: {{istio: {istio}, namespaces: [{{name: shop}}]}}
"""


@pytest.mark.parametrize(
    ("fleet", "observed", "addresses"),
    [
        ("", "{}", ["240.241.68.148"]),
        ("istio: {version: 1.24.6}", "{}", ["240.241.68.148"]),
        ("istio: {version: 1.25.0}", "{}", None),
        ("", "{version: 1.29.2}", None),
        ("istio: {version: 1.29.2, vipRange: 10.9.0.0/24}", "{}", None),
        ("istio: {vipRange: 10.9.0.0/24}", "{}", ["10.9.0.136"]),
    ],
)
def test_the_address_is_istiods_from_1_25_on_and_else_a_hash_into_the_range(
    fleet: str, observed: str, addresses: list[str] | None
) -> None:
    found = compiled(LACKS, settings("", fleet), client(observed))
    assert found.spec("ServiceEntry").get("addresses") == addresses


def test_a_tcp_service_has_an_address_of_its_own() -> None:
    found = compiled(LACKS, source("ports: [{name: tcp-db, port: 3306}], serviceAccounts: [db]"))
    entry = found.spec("ServiceEntry")
    assert entry["addresses"] == ["240.241.68.148"]
    assert entry["hosts"] == [WEB]
    assert entry["ports"] == [{"number": 3306, "name": "tcp-db", "protocol": "TCP"}]
    assert found.names("VirtualService") == []


@pytest.mark.parametrize(
    ("zones", "locality"), [("[]", "us"), ("[us-a]", "us/us-a"), ("[us-a, us-b]", "us")]
)  # fmt: skip
def test_the_locality_names_a_zone_only_where_the_source_has_one(zones: str, locality: str) -> None:
    found = compiled(LACKS, f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: istio
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us, zones: {zones}, network: n2}}]
""")  # fmt: skip
    assert {e["locality"] for e in found.spec("ServiceEntry")["endpoints"]} == {locality}


def test_a_source_without_a_region_gives_no_locality() -> None:
    found = compiled(LACKS, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, network: n2}]
""")  # fmt: skip
    assert all("locality" not in endpoint for endpoint in found.spec("ServiceEntry")["endpoints"])


def test_endpoints_lead_to_the_port_of_the_gateway() -> None:
    found = compiled(LACKS, """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["*/shop"]}, eastWestGateway: {name: ew, namespace: shop, port: 16443}}
""")  # fmt: skip
    assert {e["ports"]["http"] for e in found.spec("ServiceEntry")["endpoints"]} == {16443}


def test_the_made_up_network_of_a_long_gateway_name_is_a_label_value() -> None:
    long = "gateway-" * 6 + "x"
    found = compiled(LACKS, f"""
kind: Workspace
metadata: {{name: shop}}
spec: {{namespaceSelector: {{names: ["*/shop"]}}, eastWestGateway: {{name: {long}, namespace: shop}}}}
""", f"""
kind: Inventory
metadata: {{name: c2}}
spec:
  namespaces: [{{name: shop}}]
  services: [{{name: web, namespace: shop, selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}]
  gateways: [{{name: {long}, namespace: shop, addresses: [192.0.2.1]}}]
""")  # fmt: skip
    (network,) = {endpoint["network"] for endpoint in found.spec("ServiceEntry")["endpoints"]}
    assert len(network) <= 63
    assert network.startswith("meshgen-")


def test_a_multicluster_namespace_of_ones_own() -> None:
    found = compiled(LACKS, settings("", "multiclusterNamespace: remote"))
    assert found.names("ServiceEntry") == [f"remote/{WEB}"]
    assert found.names("DestinationRule") == [f"remote/{WEB}"]
    assert found.names("Namespace", cluster="c1") == ["/remote"]


def test_a_cluster_domain_of_ones_own() -> None:
    found = compiled(LACKS, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusterDomain: corp.example
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
""")  # fmt: skip
    assert found.spec("ServiceEntry")["hosts"] == ["web.shop.svc.corp.example"]
