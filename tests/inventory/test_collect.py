# ruff: noqa: E501 - manifests and messages as they are, on one line
from __future__ import annotations

from typing import Any

import pytest

from tests.inventory.importing import facts_of, findings_of, spec_of

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n"


def deployment(account: str = "x", *, labels: str = "{app: a}", name: str = "a", extra: str = "") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n"
        f"    metadata: {{labels: {labels}{extra}}}\n    spec: {{serviceAccountName: {account}}}\n"
    )


def service(*texts: str) -> dict[str, Any]:
    (found,) = spec_of(*texts)["services"]
    assert isinstance(found, dict)
    return found


def test_defaults_are_left_out_so_that_a_manifest_and_the_live_object_read_alike() -> None:
    live = """
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop, uid: 123-4, resourceVersion: "7"}
spec:
  clusterIP: 10.0.0.7
  internalTrafficPolicy: Cluster
  ports: [{port: 80, protocol: TCP, targetPort: 80}]
  selector: {app: a}
  type: ClusterIP
status: {loadBalancer: {}}
"""
    assert (
        service(live)
        == service(SERVICE)
        == {"name": "a", "namespace": "shop", "selector": {"app": "a"}, "ports": [{"port": 80}]}
    )


def test_what_matters_of_a_service_is_kept() -> None:
    assert service(
        """
apiVersion: v1
kind: Service
metadata:
  name: a
  labels: {app: a}
  annotations: {networking.istio.io/exportTo: "., other"}
spec:
  type: NodePort
  clusterIP: None
  internalTrafficPolicy: Local
  ports: [{name: dns, port: 53, targetPort: 5353, protocol: UDP, appProtocol: dns}, {port: 80, targetPort: http}]
"""
    ) == {
        "name": "a",
        "namespace": "default",
        "labels": {"app": "a"},
        "ports": [
            {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP", "appProtocol": "dns"},
            {"port": 80, "targetPort": "http"},
        ],
        "type": "NodePort",
        "clusterIP": "None",
        "internalTrafficPolicy": "Local",
        "exportTo": [".", "other"],
    }


def test_an_external_name_has_neither_ports_nor_workloads() -> None:
    text = SERVICE.replace("{selector: {app: a}, ports: [{port: 80}]}", "{type: ExternalName, externalName: a.example}")
    assert service(text, deployment()) == {"name": "a", "namespace": "shop", "type": "ExternalName"}


def test_service_accounts_are_those_of_all_selected_workloads() -> None:
    two = deployment("z", name="b", labels="{app: a, version: v2}")
    assert service(SERVICE, deployment("x"), two)["serviceAccounts"] == ["x", "z"]


def test_a_workload_without_account_runs_as_default() -> None:
    assert service(SERVICE, deployment().replace("serviceAccountName: x", ""))["serviceAccounts"] == ["default"]


@pytest.mark.parametrize("unlike", ["{app: b}", "{}"])
def test_accounts_are_unknown_without_a_selected_workload(unlike: str) -> None:
    assert "serviceAccounts" not in service(SERVICE, deployment(labels=unlike))


def test_workloads_of_another_namespace_do_not_count() -> None:
    assert "serviceAccounts" not in service(SERVICE, deployment().replace("shop", "other"))


@pytest.mark.parametrize(
    ("group", "kind"),
    [("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"), ("argoproj.io/v1alpha1", "Rollout")],
)
def test_every_kind_with_a_pod_template_is_a_workload(group: str, kind: str) -> None:
    text = deployment().replace("apps/v1", group).replace("Deployment", kind)
    assert service(SERVICE, text)["serviceAccounts"] == ["x"]


def test_pods_are_workloads_and_cron_jobs_where_there_is_nothing_else() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: a}}\nspec: {serviceAccountName: p}\n"
    cron = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c, namespace: shop}\nspec: {jobTemplate: {spec: {template: "
        "{metadata: {labels: {app: a}}, spec: {serviceAccountName: c}}}}}\n"
    )
    assert service(SERVICE, pod, cron)["serviceAccounts"] == ["p"]
    assert service(SERVICE, cron)["serviceAccounts"] == ["c"]


def test_what_no_longer_runs_does_not_count() -> None:
    old = (
        deployment("old", name="a-1")
        .replace("Deployment", "ReplicaSet")
        .replace("spec:\n  template", "spec:\n  replicas: 0\n  template")
    )
    done = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: a}}\nstatus: {phase: Succeeded}\n"
    assert service(SERVICE, deployment("new"), old, done)["serviceAccounts"] == ["new"]


def test_a_workload_may_have_a_generated_name() -> None:
    assert service(SERVICE, deployment().replace("name: a,", "generateName: a-,"))["serviceAccounts"] == ["x"]


@pytest.mark.parametrize(
    ("namespace", "pod", "injected"),
    [
        ("{istio-injection: enabled}", "{app: a}", True),
        ("{istio.io/rev: stable}", "{app: a}", True),
        ("{istio-injection: enabled}", '{app: a, sidecar.istio.io/inject: "false"}', False),
        ("{istio-injection: disabled}", '{app: a, sidecar.istio.io/inject: "true"}', False),
        ("{istio-injection: disabled, istio.io/rev: stable}", "{app: a}", False),
        ("{istio-injection: paused}", "{app: a, istio.io/rev: stable}", False),
        ("{istio-injection: enabled, istio.io/rev: gone}", "{app: a}", True),
        ("{}", '{app: a, sidecar.istio.io/inject: "true"}', True),
        ("{}", "{app: a, istio.io/rev: stable}", True),
        ("{}", "{app: a, sidecar.istio.io/inject: yes-please}", False),
        ("{}", "{app: a}", False),
        ("{istio.io/dataplane-mode: ambient}", "{app: a}", None),
    ],
)
def test_injection_follows_namespace_and_pod(namespace: str, pod: str, injected: bool | None) -> None:  # noqa: FBT001
    ns = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {namespace}}}\n"
    assert service(SERVICE, deployment(labels=pod), ns).get("injected") is injected


@pytest.mark.parametrize(
    ("annotation", "labels", "injected"),
    [
        ("true", "{}", False),
        ("true", "{istio-injection: enabled}", True),
        ("false", "{istio-injection: enabled}", False),
    ],
)
def test_the_annotation_of_a_pod_can_only_refuse(annotation: str, labels: str, injected: bool) -> None:  # noqa: FBT001
    ns = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n"
    pod = deployment(extra=f', annotations: {{sidecar.istio.io/inject: "{annotation}"}}')
    assert service(SERVICE, pod, ns)["injected"] is injected


def test_pods_on_the_network_of_their_node_are_never_injected() -> None:
    ns = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
    pod = deployment().replace("serviceAccountName: x", "serviceAccountName: x, hostNetwork: true")
    assert service(SERVICE, pod, ns)["injected"] is False


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"])
def test_nothing_is_injected_in_namespaces_of_the_system(namespace: str) -> None:
    ns = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: {{istio-injection: enabled}}}}\n"
    here = (text.replace("namespace: shop", f"namespace: {namespace}") for text in (SERVICE, deployment()))
    assert service(*here, ns)["injected"] is False


def test_labels_of_an_unknown_namespace_are_unknown() -> None:
    assert "injected" not in service(SERVICE, deployment())


WEBHOOKS = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector-stable}
webhooks:
- name: rev.namespace.sidecar-injector.istio.io
  namespaceSelector:
    matchExpressions:
    - {key: istio.io/rev, operator: In, values: [stable]}
    - {key: istio-injection, operator: DoesNotExist}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: namespace.sidecar-injector.istio.io
  namespaceSelector:
    matchLabels: {istio.io/deactivated: never-match}
    matchExpressions: [{key: istio-injection, operator: In, values: [enabled]}]
"""
OF_DEFAULT = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-default}
webhooks:
- name: namespace.sidecar-injector.istio.io
  namespaceSelector: {matchExpressions: [{key: istio-injection, operator: In, values: [enabled]}]}
- name: auto.sidecar-injector.istio.io
  namespaceSelector: {matchExpressions: [{key: istio-injection, operator: DoesNotExist}]}
"""


@pytest.mark.parametrize(
    ("webhooks", "facts"),
    [
        (WEBHOOKS, {"injectionRevisions": ["stable"]}),
        (WEBHOOKS + "---" + OF_DEFAULT, {"injectionRevisions": ["default", "stable"], "injectsByDefault": True}),
        (OF_DEFAULT.replace("sidecar-injector.istio.io", "webhook.cert-manager.io"), {}),
    ],
)
def test_webhooks_show_which_revisions_inject(webhooks: str, facts: dict[str, object]) -> None:
    assert facts_of(webhooks).istio == facts
    assert facts_of(webhooks).namespaces == set()


@pytest.mark.parametrize(
    ("labels", "webhooks", "injected"),
    [
        ("{istio-injection: enabled}", WEBHOOKS, False),
        ("{istio-injection: enabled}", WEBHOOKS + "---" + OF_DEFAULT, True),
        ("{istio.io/rev: stable}", WEBHOOKS, True),
        ("{istio.io/rev: canary}", WEBHOOKS, False),
        ("{}", WEBHOOKS, False),
        ("{}", OF_DEFAULT, True),
    ],
)
def test_a_label_counts_only_where_a_webhook_answers(labels: str, webhooks: str, injected: bool) -> None:  # noqa: FBT001
    ns = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {labels}}}\n"
    assert service(SERVICE, deployment(), ns, webhooks)["injected"] is injected


def test_one_workload_without_sidecar_is_enough_for_not_injected() -> None:
    ns = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n"
    off = deployment(name="b", labels='{app: a, sidecar.istio.io/inject: "false"}')
    assert service(SERVICE, deployment(), off, ns)["injected"] is False


GATEWAY = """
apiVersion: v1
kind: Service
metadata: {name: gw, namespace: shop, labels: {app.kubernetes.io/managed-by: meshgen}}
spec: {type: LoadBalancer, selector: {app: gw}, ports: [{name: tls, port: 15443}]}
status: {loadBalancer: {ingress: [{ip: 198.51.100.11}, {ip: 198.51.100.9}]}}
"""


def test_a_gateway_has_its_addresses_even_where_meshgen_wrote_it() -> None:
    found = facts_of(GATEWAY)
    (gateway,) = found.sections["gateways"].values()
    assert gateway.item["addresses"] == ["198.51.100.9", "198.51.100.11"]
    assert (found.managed, found.sections["services"], found.namespaces) == (1, {}, set())


def test_the_network_view_of_a_gateway_comes_from_its_pods() -> None:
    pods = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: shop}
spec:
  template:
    metadata: {labels: {app: gw}}
    spec: {containers: [{name: istio-proxy, env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: network-1}]}]}
"""
    (gateway,) = spec_of(GATEWAY, pods)["gateways"]
    assert gateway["networkView"] == "network-1"


FOREIGN_PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gw, namespace: shop}
spec:
  template:
    metadata: {labels: {app: gw, sidecar.istio.io/inject: "false"}}
    spec: {serviceAccountName: theirs, containers: [{name: NAME}]}
"""


@pytest.mark.parametrize(
    ("container", "shown"),
    [("istio-proxy", {"serviceAccount": "theirs"}), ("nginx", {"serviceAccount": "theirs", "injected": False})],
)
def test_the_account_of_a_foreign_gateway_and_whether_it_is_istios(container: str, shown: dict[str, Any]) -> None:
    theirs = GATEWAY.replace("labels: {app.kubernetes.io/managed-by: meshgen}", "labels: {}")
    (gateway,) = spec_of(theirs, FOREIGN_PODS.replace("NAME", container))["gateways"]
    assert {key: gateway[key] for key in ("serviceAccount", "injected") if key in gateway} == shown


@pytest.mark.parametrize(
    ("ports", "shown"),
    [
        ("[{port: 15443}]", None),
        ("[{port: 15021}, {port: 80}, {port: 443}, {port: 15443}]", None),
        ("[{port: 15021}, {port: 443}, {port: 15443}]", [{"port": 443}, {"port": 15443}]),
        (
            "[{port: 80, targetPort: 8080}, {port: 443, targetPort: 8443}, {port: 15443}]",
            [{"port": 80, "targetPort": 8080}, {"port": 443, "targetPort": 8443}, {"port": 15443}],
        ),
    ],
)
def test_ports_of_a_gateway_are_said_where_they_are_not_the_usual_ones(
    ports: str, shown: list[dict[str, Any]] | None
) -> None:
    (gateway,) = spec_of(GATEWAY.replace("[{name: tls, port: 15443}]", ports))["gateways"]
    assert gateway.get("ports") == shown


def test_a_gateway_of_any_role_is_known_by_its_status_port() -> None:
    edge = GATEWAY.replace("15443", "15021")
    assert [gateway["name"] for gateway in spec_of(edge)["gateways"]] == ["gw"]


def test_a_gateway_may_have_a_hostname_and_another_port_makes_no_gateway() -> None:
    named = GATEWAY.replace("[{ip: 198.51.100.11}, {ip: 198.51.100.9}]", "[{hostname: X.elb.example}]")
    assert spec_of(named)["gateways"] == [{"name": "gw", "namespace": "shop", "hostname": "x.elb.example"}]
    assert "gateways" not in spec_of(named.replace("15443", "443"))


def test_a_gateway_of_the_gateway_api_is_named_like_its_service() -> None:
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ew, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: tls, port: 15443, protocol: TLS}]}
status: {addresses: [{type: IPAddress, value: 198.51.100.9}]}
"""
    assert spec_of(text)["gateways"] == [{"name": "ew-istio", "namespace": "shop", "addresses": ["198.51.100.9"]}]


def test_rules_of_teams() -> None:
    assert spec_of(
        """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr}
spec:
  host: a
  exportTo: [.]
  workloadSelector: {matchLabels: {app: b}}
  subsets: [{name: v1, labels: {version: v1}}]
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
    outlierDetection: {consecutive5xxErrors: 3, interval: 1s, splitExternalLocalOriginErrors: on}
    loadBalancer: {localityLbSetting: {failoverPriority: [topology.istio.io/network]}}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: vs}
spec: {hosts: [a], gateways: [mesh], exportTo: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: se}
spec: {hosts: [a.example], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: sc}
spec: {workloadSelector: {labels: {app: b}}, egress: [{hosts: [./*]}, {hosts: [istio-system/*, ./*]}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  selector: {app: b}
  servers:
  - {port: {number: 443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"], bind: 127.0.0.1}
  - {port: {number: 8443, name: any, protocol: TLS}, tls: {}, hosts: ["*"]}
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pa}
spec: {selector: {matchLabels: {app: b}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}, "90": {mode: STRICT}}}
"""
    ) == {
        "namespaces": [{"name": "default"}],
        "destinationRules": [
            {
                "name": "dr",
                "namespace": "default",
                "host": "a",
                "exportTo": ["."],
                "workloadSelector": {"app": "b"},
                "subsets": ["v1"],
                "trafficPolicy": True,
                "outlierDetection": {
                    "consecutive5xxErrors": 3,
                    "interval": "1s",
                    "splitExternalLocalOriginErrors": True,
                },
                "failoverPriority": ["topology.istio.io/network"],
                "tlsMode": "ISTIO_MUTUAL",
            }
        ],
        "virtualServices": [
            {"name": "vs", "namespace": "default", "hosts": ["a"], "gateways": ["mesh"], "exportTo": ["*"]}
        ],
        "serviceEntries": [{"name": "se", "namespace": "default", "hosts": ["a.example"], "resolution": "DNS"}],
        "sidecars": [
            {
                "name": "sc",
                "namespace": "default",
                "workloadSelector": {"app": "b"},
                "egressHosts": ["./*", "istio-system/*"],
            }
        ],
        "peerAuthentications": [
            {
                "name": "pa",
                "namespace": "default",
                "selector": {"app": "b"},
                "mode": "STRICT",
                "disabledPorts": [8080],
                "enabledPorts": [90],
            }
        ],
        "istioGateways": [
            {
                "name": "gw",
                "namespace": "default",
                "selector": {"app": "b"},
                "servers": [
                    {"port": 443, "hosts": ["*.local"], "tlsMode": "AUTO_PASSTHROUGH", "bind": "127.0.0.1"},
                    {"port": 8443, "hosts": ["*"], "tlsMode": "PASSTHROUGH"},
                    {"port": 80, "hosts": ["a.example"]},
                ],
            }
        ],
    }


def test_a_virtual_service_of_a_gateway_says_where_each_of_its_destinations_is_tried_again() -> None:
    assert spec_of(
        """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  hosts: [shop.example.com]
  gateways: [ingress/shop, mesh]
  http:
  - route: [{destination: {host: a}}, {destination: {host: b.c.svc.cluster.local, subset: v1}}]
  - {route: [{destination: {host: a}}], retries: {attempts: 2}}
  - {route: [{destination: {host: d}}], retries: {attempts: 5, retryRemoteLocalities: true}}
  - {route: [{destination: {host: e}}], retries: {attempts: 0, retryRemoteLocalities: true}}
  - {route: [{destination: {host: f}}], retries: {retryRemoteLocalities: true}}
  - {route: [{destination: {host: g}}], retries: {}}
  - {redirect: {uri: /}}
"""
    )["virtualServices"] == [
        {
            "name": "vs",
            "namespace": "default",
            "hosts": ["shop.example.com"],
            "gateways": ["ingress/shop", "mesh"],
            "destinations": [
                {"host": "a", "retries": "here"},
                {"host": "a", "retries": "mesh"},
                {"host": "b.c.svc.cluster.local", "retries": "mesh"},
                {"host": "d", "retries": "everywhere"},
                {"host": "e", "retries": "here"},
                {"host": "f", "retries": "here"},
                {"host": "g", "retries": "here"},
            ],
        }
    ]


def test_policies_of_ports_are_read_like_the_rules_own() -> None:
    (found,) = spec_of("""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr}
spec:
  host: a
  trafficPolicy:
    portLevelSettings:
    - port: {number: 9080}
      connectionPool: {tcp: {maxConnections: 1}}
    - port: {number: 90}
      tls: {mode: DISABLE}
      outlierDetection: {}
      loadBalancer: {localityLbSetting: {failoverPriority: [topology.istio.io/network]}}
""")["destinationRules"]
    assert found == {
        "name": "dr",
        "namespace": "default",
        "host": "a",
        "trafficPolicy": True,
        "portLevelSettings": [
            {"port": 9080},
            {
                "port": 90,
                "outlierDetection": {},
                "failoverPriority": ["topology.istio.io/network"],
                "tlsMode": "DISABLE",
            },
        ],
    }


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"])
def test_a_route_counts_where_a_service_is_its_parent(kind: str) -> None:
    text = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: r}}
spec: {{parentRefs: [{{kind: Service, group: "", name: a, port: 80}}, {{kind: Gateway, name: g}}]}}
"""
    (found,) = spec_of(text)["virtualServices"]
    assert found == {"name": "r", "namespace": "default", "hosts": ["a.default.svc.cluster.local"], "kind": kind}
    assert "virtualServices" not in spec_of(text.replace("kind: Service", "kind: Gateway"))


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_route_of_a_gateway_says_where_each_of_its_backends_is_tried_again(kind: str) -> None:
    (found,) = spec_of(f"""
apiVersion: gateway.networking.k8s.io/v1
kind: {kind}
metadata: {{name: r, namespace: shop}}
spec:
  parentRefs: [{{name: g, namespace: ingress}}]
  rules:
  - backendRefs: [{{name: web, port: 80}}, {{name: web, namespace: other, port: 80}}, {{kind: ServiceImport, name: x}}]
  - {{backendRefs: [{{name: cart, port: 80}}], retry: {{attempts: 3}}}}
""")["virtualServices"]
    assert found["hosts"] == []
    assert found["destinations"] == [
        {"host": "cart.shop.svc.cluster.local", "retries": "here"},
        {"host": "web.other.svc.cluster.local", "retries": "mesh"},
        {"host": "web.shop.svc.cluster.local", "retries": "mesh"},
    ]


ISTIO = """
apiVersion: v1
kind: Namespace
metadata: {name: istio-system, labels: {topology.istio.io/network: network-1}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: td.example
    defaultHttpRetryPolicy: {attempts: 2, retryRemoteLocalities: true}
    defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod-canary, namespace: istio-system, labels: {app: istiod, istio.io/rev: canary}}
spec:
  template:
    spec:
      containers:
      - name: discovery
        image: registry.example:5000/istio/pilot:1.29.2-distroless@sha256:00
        args: [discovery, --domain, cluster.example]
        env:
        - {name: PILOT_ENABLE_AMBIENT, value: "true"}
        - {name: AMBIENT_ENABLE_MULTI_NETWORK, value: "false"}
        - {name: PILOT_SCOPE_GATEWAY_TO_NAMESPACE, value: "true"}
---
apiVersion: v1
kind: Secret
metadata: {name: istio-remote-secret-c2, namespace: istio-system, labels: {istio/multiCluster: "true"}}
"""


def test_facts_about_istio() -> None:
    assert facts_of(ISTIO).istio == {
        "version": "1.29.2",
        "revision": "canary",
        "network": "network-1",
        "trustDomain": "td.example",
        "clusterDomain": "cluster.example",
        "dnsCapture": True,
        "retryRemoteLocalities": True,
        "ambient": True,
        "ambientMultiNetwork": False,
        "gatewaysOfNamespace": True,
        "multiPrimary": True,
    }


def test_a_fact_on_which_two_revisions_differ_is_left_out() -> None:
    other = ISTIO.split("---\n")[2].replace("canary", "stable").replace("1.29.2", "1.28.0")
    found = facts_of(ISTIO, other).istio
    assert "version" not in found
    assert found["ambient"] is True


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker.io/istio/pilot:1.29.2", "1.29.2"),
        ("pilot:1.30-alpha.0-debug", "1.30-alpha.0"),
        ("pilot:latest", None),
        ("host:5000/pilot", None),
    ],
)
def test_the_version_is_the_tag_of_the_image(image: str, version: str | None) -> None:
    text = ISTIO.replace("registry.example:5000/istio/pilot:1.29.2-distroless@sha256:00", image)
    assert facts_of(text).istio.get("version") == version


def test_lists_of_lists_and_typed_lists_are_taken_apart() -> None:
    text = """
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Service, metadata: {name: a}}
- {apiVersion: v1, kind: ServiceList, items: [{metadata: {name: b}}]}
- {apiVersion: v1, kind: ServiceList, items: null}
"""
    assert [item["name"] for item in spec_of(text)["services"]] == ["a", "b"]


def test_empty_documents_aliases_and_merge_keys_are_fine() -> None:
    text = """
---
# nothing
---
apiVersion: v1
kind: Service
metadata: &meta {name: a, labels: &l {app: a}}
spec: {selector: {<<: *l, tier: web}}
---
"""
    assert service(text)["selector"] == {"app": "a", "tier": "web"}


def test_what_others_write_and_unknown_kinds_are_counted() -> None:
    found = facts_of(
        "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, annotations: {xcp.tetrate.io/x: y}}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: kubernetes}\n",
        "apiVersion: example.com/v1\nkind: Service\nmetadata: {}\n",
    )
    assert (found.managed, found.unknown, found.sections["services"]) == (1, {"Service": 1}, {})


def test_equal_objects_may_stand_twice() -> None:
    again = SERVICE.replace("name: a,", "resourceVersion: '8', name: a,")
    assert service(SERVICE, again)["name"] == "a"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("[1]\n", ["in.yaml:1:1 MG051: this is a list, not a Kubernetes object"]),
        ("a: 1\n", ["in.yaml:1:1 MG051: this is not a Kubernetes object: it has no `kind`"]),
        ("kind: Service\n", ["in.yaml:1:1 MG051: this is not a Kubernetes object: it has no `apiVersion`"]),
        (
            "{apiVersion: v1, kind: List, items: 3}\n",
            ["in.yaml:1:37 MG051: `items` of a List must be a list, not the number `3`"],
        ),
        ("apiVersion: v1\nkind: Service\n", ["in.yaml:1:1 MG052: the Service has no `metadata.name`"]),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {generateName: a-}\n",
            ["in.yaml:1:1 MG052: the Service has no `metadata.name`, only `generateName: a-`"],
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {version: 1.0, canary: on}}\n",
            [
                "in.yaml:3:39 MG053: `metadata.labels.version` of Service `a` must be a string, not the number `1.0`",
                "in.yaml:3:52 MG053: `metadata.labels.canary` of Service `a` must be a string, not the boolean `on`",
            ],
        ),
        (
            'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80, targetPort: "8080"}, {name: x}]}\n',
            [
                (
                    "in.yaml:4:39 MG053: `spec.ports[0].targetPort` of Service `a` must be a number or the name of a port,"
                    " not the string `8080`"
                ),
                "in.yaml:4:48 MG053: Service `a` has no `spec.ports[1].port`",
            ],
        ),
        (
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n",
            ["in.yaml:1:1 MG053: DestinationRule `a` has no `spec.host`"],
        ),
        (
            (
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n"
                "spec: {host: a, trafficPolicy: {portLevelSettings: [{port: {}}]}}\n"
            ),
            ["in.yaml:4:60 MG053: DestinationRule `a` has no `spec.trafficPolicy.portLevelSettings[0].port.number`"],
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: A}\n",
            [
                (
                    "in.yaml:3:18 MG057: `default/A` in `services` is not valid: `name`: string should match pattern"
                    " '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$'"
                )
            ],
        ),
        ("a: b: c\n", ["in.yaml:1:5 MG005: a `:` stands where no key can be"]),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text: str, findings: list[str]) -> None:
    assert findings_of(text) == findings


def test_a_broken_mesh_configuration_is_said_where_it_stands() -> None:
    text = ISTIO.replace("trustDomain: td.example", "trustDomain: [td.example]")
    assert findings_of(text) == [
        (
            "in.yaml:10:9 MG053: `data.mesh` of ConfigMap `istio`, line 1: `trustDomain` of the mesh configuration must be"
            " a string, not a list"
        )
    ]


def test_objects_that_differ_are_said_with_both_places() -> None:
    assert findings_of(SERVICE, SERVICE.replace("80", "81")) == [
        "in2.yaml:3:18 MG054: Service `a` in namespace `shop` is in the input twice, with different content"
    ]


def mesh(text: str, *, name: str = "istio", namespace: str = "istio-system", revision: str = "") -> str:
    labels = f", labels: {{istio.io/rev: {revision}}}" if revision else ""
    return (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}{labels}}}\n"
        f"data: {{mesh: '{text}'}}\n"
    )


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("rootNamespace: mesh-root", {"rootNamespace": "mesh-root"}),
        ('{rootNamespace: istio-system, enableAutoMtls: true, defaultServiceExportTo: ["*"]}', {}),
        ("enableAutoMtls: false", {"enableAutoMtls": False}),
        ("defaultVirtualServiceExportTo: [shop]", {"defaultVirtualServiceExportTo": ["shop"]}),
        (
            "discoverySelectors: [{matchExpressions: [{key: a, operator: In, values: [b]}, {key: c, operator: Exists}]}]",
            {
                "discoverySelectors": [
                    {
                        "matchExpressions": [
                            {"key": "a", "operator": "In", "values": ["b"]},
                            {"key": "c", "operator": "Exists"},
                        ]
                    }
                ]
            },
        ),
        (
            "serviceEntryVisibility: {applyToSidecars: true, policies: [{visibility: NONE}, {matchingRules: [{}]}]}",
            {"serviceEntryVisibility": {"policies": [{"visibility": "NONE"}]}},
        ),
        ("serviceEntryVisibility: {defaultVisibility: NONE}", {}),
    ],
)
def test_settings_of_the_mesh_that_are_not_at_their_default(text: str, facts: dict[str, Any]) -> None:
    assert spec_of(mesh(text)).get("istio", {}) == facts


def test_of_two_revisions_the_setting_counts_that_takes_something_away() -> None:
    stable = mesh("{enableAutoMtls: true, discoverySelectors: [{matchLabels: {a: b}}], trustDomain: one}")
    canary = mesh(
        "{enableAutoMtls: false, discoverySelectors: [{matchLabels: {c: d}}], trustDomain: two}",
        name="istio-canary",
        revision="canary",
    )
    assert spec_of(stable, canary)["istio"] == {
        "enableAutoMtls": False,
        "discoverySelectors": [{"matchLabels": {"a": "b"}}, {"matchLabels": {"c": "d"}}],
    }


def test_istiod_may_run_in_another_namespace() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: mesh, labels: {topology.istio.io/network: n1}}\n"
    assert spec_of(mesh("trustDomain: a", namespace="mesh"), namespace)["istio"] == {
        "network": "n1",
        "trustDomain": "a",
    }


@pytest.mark.parametrize(
    ("variable", "value", "facts"),
    [
        ("PILOT_ENABLE_IP_AUTOALLOCATE", "false", {"ipAutoAllocation": False}),
        ("PILOT_ENABLE_IP_AUTOALLOCATE", "1", {"ipAutoAllocation": True}),
        ("PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES", "F", {"selectWorkloadEntries": False}),
        ("PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API", "false", {"remoteGateways": False}),
        ("RESOLVE_HOSTNAME_GATEWAYS", "false", {"remoteGateways": False}),
    ],
)
def test_variables_of_istiod_that_change_what_entries_do(variable: str, value: str, facts: dict[str, Any]) -> None:
    istiod = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: istiod, namespace: istio-system}\n"
        f'spec: {{template: {{spec: {{containers: [{{name: discovery, env: [{{name: {variable}, value: "{value}"}}]}}]}}}}}}\n'
    )
    assert spec_of(istiod)["istio"] == facts


def test_a_named_target_port_is_the_number_that_its_pods_have() -> None:
    pods = deployment().replace(
        "{serviceAccountName: x}", "{containers: [{name: a, ports: [{name: web, containerPort: 9090}]}]}"
    )
    named = SERVICE.replace("{port: 80}", "{port: 80, targetPort: web}")
    assert service(named, pods)["ports"] == [{"port": 80, "targetPort": "web", "containerPorts": [9090]}]
    assert service(named)["ports"] == [{"port": 80, "targetPort": "web"}]


@pytest.mark.parametrize(
    ("spec", "annotation", "of_namespace", "found"),
    [
        ("trafficDistribution: PreferClose, ", "", "", "PreferSameZone"),
        ("trafficDistribution: PreferSameNode, ", "prefer-nothing", "", "PreferSameNode"),
        ("", "prefersamezone", "PreferSameNode", "PreferSameZone"),
        ("", "", "PreferSameNode", "PreferSameNode"),
        ("", "any", "PreferSameNode", None),
        ("", "", "", None),
    ],
)
def test_the_traffic_distribution_that_istio_takes(
    spec: str, annotation: str, of_namespace: str, found: str | None
) -> None:
    key = "networking.istio.io/traffic-distribution"
    own = f", annotations: {{{key}: {annotation}}}" if annotation else ""
    theirs = f", annotations: {{{key}: {of_namespace}}}" if of_namespace else ""
    text = SERVICE.replace("spec: {", f"spec: {{{spec}").replace("namespace: shop}", f"namespace: shop{own}}}")
    namespace = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{theirs}}}\n"
    assert service(text, namespace).get("trafficDistribution") == found


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n"


def test_a_namespace_that_two_manifests_declare_has_the_labels_of_both() -> None:
    injected = NAMESPACE.replace("team: a", "istio-injection: enabled")
    (found,) = spec_of(injected, NAMESPACE)["namespaces"]
    assert found == {"name": "shop", "labels": {"istio-injection": "enabled", "team": "a"}}
    assert findings_of(NAMESPACE, NAMESPACE.replace("team: a", "team: b")) == [
        "in2.yaml:3:18 MG054: Namespace `shop` is in the input twice, with different content"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {image: one}\n",
        deployment(extra=", annotations: {image: one}"),
    ],
)
def test_objects_that_differ_in_what_nobody_needs_may_stand_twice(text: str) -> None:
    assert findings_of(text, text.replace("image: one", "image: two")) == []


def test_two_variants_of_an_application_are_one_finding() -> None:
    def of_port(number: int) -> str:
        return "---\n".join(SERVICE.replace("name: a", f"name: {name}").replace("80", str(number)) for name in "abcde")

    (said,) = findings_of(of_port(80), of_port(81))
    assert said.startswith(
        "in2.yaml:3:18 MG054: `in1.yaml` and `in2.yaml` have 5 objects twice, with different content"
    )
    assert said.endswith("Service `a`, Service `b`, Service `c` and 2 more")
