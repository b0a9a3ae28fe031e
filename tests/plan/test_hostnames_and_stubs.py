"""Gateways known by hostname only, and sidecars that do not answer DNS (reference: Istio, variants a2 and b2)."""

from __future__ import annotations

import pytest

from tests.fleets import HAS, LACKS, compiled, read

HOSTNAME = """
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, hostname: lb.example.com}]
"""


def test_the_remote_gateway_in_full() -> None:
    assert compiled(LACKS, HOSTNAME).body("Gateway.gateway.networking.k8s.io", cluster="c1") == read("""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: meshgen-c2.shop.ew
  namespace: meshgen-multicluster
  labels: {app.kubernetes.io/managed-by: meshgen, topology.istio.io/network: meshgen-c2.shop.ew}
  annotations: {argocd.argoproj.io/sync-wave: "3", meshgen.io/source: fleet/demo}
spec:
  gatewayClassName: istio-remote
  addresses: [{type: Hostname, value: lb.example.com}]
  listeners:
  - name: cross-network
    port: 15443
    protocol: TLS
    tls: {mode: Passthrough, options: {gateway.istio.io/listener-protocol: auto-passthrough}}
""")


def test_a_service_entry_has_one_endpoint_without_an_address() -> None:
    (endpoint,) = compiled(LACKS, HOSTNAME).spec("ServiceEntry")["endpoints"]
    assert endpoint == read("""
network: meshgen-c2.shop.ew
locality: us
ports: {http: 15443}
labels: {security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
""")


def test_beside_a_local_copy_there_is_one_workload_entry_without_an_address() -> None:
    assert compiled(HAS, HOSTNAME).spec("WorkloadEntry", cluster="c1") == read("""
network: meshgen-c2.shop.ew
locality: us
ports: {http: 15443}
labels: {app: web, security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
serviceAccount: web
""")


def test_the_namespace_of_the_remote_gateway_is_emitted() -> None:
    assert compiled(HAS, HOSTNAME).names("Namespace", cluster="c1") == ["/meshgen-multicluster"]


def test_addresses_win_over_the_hostname() -> None:
    found = compiled(LACKS, HOSTNAME.replace("hostname:", "addresses: [192.0.2.7], hostname:"))
    assert [endpoint["address"] for endpoint in found.spec("ServiceEntry")["endpoints"]] == ["192.0.2.7"]
    assert found.names("Gateway.gateway.networking.k8s.io") == []


def test_two_workspaces_behind_one_hostname_have_one_remote_gateway() -> None:
    found = compiled(LACKS, HOSTNAME, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: n1}, {name: c2, region: us, network: n2}]
  gateways: [{name: ew, namespace: shop}]
---
kind: Workspace
metadata: {name: bank}
spec: {namespaceSelector: {names: ["*/bank"]}, eastWestGateway: {name: ew, namespace: shop}}
---
kind: Inventory
metadata: {name: c2}
spec:
  namespaces: [{name: shop}, {name: bank}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  - {name: web, namespace: bank, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web]}
  gateways: [{name: ew, namespace: shop, hostname: lb.example.com}]
""")  # fmt: skip
    assert found.names("Gateway.gateway.networking.k8s.io", cluster="c1") == ["meshgen-multicluster/meshgen-c2.shop.ew"]
    assert len(found.names("ServiceEntry", cluster="c1")) == 2


@pytest.mark.parametrize("platform", ["tse", "tsb"])
def test_a_hostname_only_is_an_error_on_tetrate(platform: str) -> None:
    found = compiled(LACKS, HOSTNAME, f"""
kind: Fleet
metadata: {{name: demo}}
spec:
  platform: {platform}
  entries: meshgen
  tetrate: {{managementCluster: c1}}
  clusters: [{{name: c1, region: eu, network: n1}}, {{name: c2, region: us, network: n2}}]
""")  # fmt: skip
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["MG317"]


def test_a_hostname_only_is_an_error_for_consumers_without_a_network_name() -> None:
    found = compiled(LACKS, HOSTNAME, """
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: c1, region: eu, network: ""}, {name: c2, region: us, network: n2}]
""")  # fmt: skip
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["MG318"]


NO_CAPTURE = """
kind: Inventory
metadata: {name: c1}
spec:
  istio: {dnsCapture: false}
  namespaces: [{name: front}]
"""


def test_without_dns_capture_there_is_a_stub_service() -> None:
    assert compiled(LACKS, NO_CAPTURE).body("Service", cluster="c1", name="web") == read("""
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  labels: {app.kubernetes.io/managed-by: meshgen}
  annotations: {argocd.argoproj.io/sync-wave: "3", meshgen.io/source: workspace/shop}
spec:
  selector: {meshgen.io/shadow-of: web}
  ports: [{name: http, port: 80, targetPort: 80, protocol: TCP, appProtocol: http}]
""")


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("{name: web, port: 80, appProtocol: http}", "http"),
        ("{name: db, port: 3306}", "tcp"),
        ("{name: web, port: 80}", None),
        ("{name: http-rpc, port: 80, appProtocol: example.com/thrift}", "example.com/thrift"),
    ],
)
def test_istio_takes_a_port_of_the_stub_for_what_it_takes_the_sources_for(port: str, said: str | None) -> None:
    (found,) = compiled(LACKS.replace("{name: http, port: 80}", port), NO_CAPTURE).spec("Service", name="web")["ports"]
    assert found.get("appProtocol") == said


def test_the_stub_selects_one_workload_entry_for_each_address() -> None:
    found = list(compiled(LACKS, NO_CAPTURE).specs("WorkloadEntry", cluster="c1").values())
    assert found == read("""
- address: 192.0.2.1
  network: meshgen-c2.shop.ew
  locality: us
  ports: {http: 15443}
  labels: {meshgen.io/shadow-of: web, security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
  serviceAccount: web
- address: 192.0.2.2
  network: meshgen-c2.shop.ew
  locality: us
  ports: {http: 15443}
  labels: {meshgen.io/shadow-of: web, security.istio.io/tlsMode: istio, service.istio.io/canonical-name: web}
  serviceAccount: web
""")


def test_the_stub_has_its_namespace_and_rule_and_no_service_entry() -> None:
    found = compiled(LACKS, NO_CAPTURE)
    assert found.names("Namespace", cluster="c1") == ["/shop"]
    assert found.names("DestinationRule", cluster="c1") == ["shop/meshgen-web"]
    assert found.names("ServiceEntry", cluster="c1") == []


@pytest.mark.parametrize(
    ("theirs", "rules"),
    [
        ("trafficPolicy: true", []),
        ("trafficPolicy: true, exportTo: [.]", ["shop/meshgen-web"]),
        ("subsets: [v1]", ["shop/meshgen-web"]),
    ],
    ids=["for all", "for its namespace", "only subsets"],
)
def test_any_policy_of_the_team_will_do_for_a_stub(theirs: str, rules: list[str]) -> None:
    """No local copy has to come first; clients that do not see the team's rule get ours."""
    found = compiled(LACKS, f"{NO_CAPTURE}  destinationRules: [{{name: web, namespace: shop, host: web, {theirs}}}]")
    assert found.names("DestinationRule", cluster="c1") == rules
    assert len(found.names("WorkloadEntry", cluster="c1")) == 2


def test_a_service_that_is_leaving_is_never_overwritten_by_a_stub() -> None:
    leaving = """
kind: Inventory
metadata: {name: c1}
spec:
  istio: {dnsCapture: false}
  namespaces: [{name: shop}]
  services:
  - {name: web, namespace: shop, selector: {app: web}, ports: [{name: http, port: 80}], serviceAccounts: [web],
     state: leaving}
  gateways: [{name: ew, namespace: shop, addresses: [198.51.100.1]}]
"""
    found = compiled(LACKS, leaving)
    assert found.errors or "shop/web" not in found.names("Service", cluster="c1")
