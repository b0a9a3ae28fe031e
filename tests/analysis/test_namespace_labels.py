"""Labels that make a mesh see a namespace of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshgen.analysis.namespace_labels import NAME, discovered, labels_for, matches, shares_service_entries
from meshgen.language.inventory import ObservedIstio
from meshgen.language.mesh import LabelSelector

OURS = {NAME: "shared", "app.kubernetes.io/managed-by": "meshgen"}


@pytest.mark.parametrize(
    ("selector", "labels", "chosen"),
    [
        ({}, {}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "c"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, {"a": "c"}, True),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {"a": "b"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Like"}]}, {"a": ""}, False),
    ],
)
def test_a_selector_as_kubernetes_reads_it(selector: dict[str, Any], labels: dict[str, str], chosen: bool) -> None:  # noqa: FBT001
    assert matches(LabelSelector.model_validate(selector), labels) is chosen


def added(*selectors: dict[str, Any], alike: list[dict[str, str]] | None = None) -> dict[str, str] | None:
    istio = ObservedIstio.model_validate({"discoverySelectors": list(selectors)})
    return labels_for(istio, OURS, alike or [], shares_entries=False)


def test_nothing_is_added_where_a_namespace_is_chosen_anyway() -> None:
    assert added() == {}
    assert added({"matchExpressions": [{"key": "mesh", "operator": "NotIn", "values": ["off"]}]}) == {}
    assert added({"matchLabels": {NAME: "shared"}}) == {}


def test_labels_that_do_something_to_pods_come_last() -> None:
    assert added({"matchLabels": {"istio-injection": "enabled"}}, {"matchLabels": {"mesh": "on"}}) == {"mesh": "on"}
    assert added({"matchLabels": {"istio-injection": "enabled"}}) == {"istio-injection": "enabled"}


def test_the_selector_of_the_workspaces_namespaces_comes_first() -> None:
    groups = [{"matchLabels": {"group": "a"}}, {"matchLabels": {"group": "b"}}]
    assert added(*groups, alike=[{"group": "b"}]) == {"group": "b"}


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {NAME: "other"}},
        {"matchLabels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        {"matchLabels": {"app.kubernetes.io/managed-by": "helm"}},
        {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]},
    ],
)
def test_no_label_of_ours_satisfies(selector: dict[str, Any]) -> None:
    assert added(selector) is None


KEYS = st.sampled_from(["a", "b", "istio-injection", NAME, "x.k8s.io/y"])
VALUES = st.sampled_from(["1", "2", "shared"])
EXPRESSION = st.fixed_dictionaries(
    {
        "key": KEYS,
        "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
        "values": st.lists(VALUES, max_size=2),
    }
)
SELECTOR = st.fixed_dictionaries(
    {"matchLabels": st.dictionaries(KEYS, VALUES, max_size=2), "matchExpressions": st.lists(EXPRESSION, max_size=2)}
)
POLICY = st.fixed_dictionaries(
    {
        "visibility": st.sampled_from(["NONE", "NAMESPACE", "PUBLIC"]),
        "namespaceSelectors": st.lists(SELECTOR, max_size=2),
    }
)
ISTIO = st.fixed_dictionaries(
    {
        "discoverySelectors": st.lists(SELECTOR, max_size=3),
        "serviceEntryVisibility": st.fixed_dictionaries(
            {
                "defaultVisibility": st.sampled_from(["NONE", "NAMESPACE", "PUBLIC"]),
                "policies": st.lists(POLICY, max_size=2),
            }
        ),
    }
)


@settings(max_examples=40)
@given(ISTIO)
def test_whatever_is_added_does_what_it_is_for(text: dict[str, Any]) -> None:
    istio = ObservedIstio.model_validate(text)
    labels = labels_for(istio, OURS, [], shares_entries=True)
    if labels is None:
        assert not (discovered(istio, OURS) and shares_service_entries(istio, OURS))
    else:
        assert not labels.keys() & OURS.keys()
        assert discovered(istio, OURS | labels)
        assert shares_service_entries(istio, OURS | labels)
