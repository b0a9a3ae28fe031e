# ruff: noqa: E501 - manifests and messages as they are, on one line
"""Which manifests count, and what is said of those that do not."""

from __future__ import annotations

import pytest

from tests.inventory.importing import SERVICE, deployment, facts_of, findings_of, service, spec_of


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


def test_objects_that_differ_are_said_with_both_places() -> None:
    assert findings_of(SERVICE, SERVICE.replace("80", "81")) == [
        "in2.yaml:3:18 MG054: Service `a` in namespace `shop` is in the input twice, with different content"
    ]


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
