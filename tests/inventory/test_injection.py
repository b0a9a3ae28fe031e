"""Which pods have sidecars, by the manifests of a cluster."""

from __future__ import annotations

import pytest

from tests.inventory.importing import SERVICE, deployment, facts_of, service


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
