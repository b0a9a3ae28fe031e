"""What of an object in a cluster counts as another than emitted."""

from __future__ import annotations

from typing import Any

import pytest

from meshgen.running.differences import changed_by, differences


@pytest.mark.parametrize(
    ("wanted", "found", "own_kind", "said"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, False, []),
        ({"a": 1}, {"a": 2}, False, ["`a` is `2`, not `1`"]),
        ({"a": True}, {"a": 1}, False, ["`a` is `1`, not `True`"]),
        ({"a": {"b-c": "x"}}, {"a": {}}, False, ["`a['b-c']` is not there"]),
        ({"a": {}}, {}, False, []),
        ({"a": 0}, {}, True, []),
        ({"a": 0}, {}, False, ["`a` is not there"]),
        ({"l": [1, 2]}, {"l": [1, 2, 3]}, False, ["`l` is another"]),
        (
            {"l": [{"a": "192.0.2.1"}]},
            {"l": [{"a": "192.0.2.9", "b": 1}]},
            False,
            ["`l[0].a` is `192.0.2.9`, not `192.0.2.1`"],
        ),
        ({"l": [{"name": "x", "v": 1}]}, {"l": [{"name": "y"}, {"name": "x", "v": 1}]}, True, []),
        ({"l": [{"name": "x", "v": 1}]}, {"l": [{"name": "y"}, {"name": "x", "v": 1}]}, False, ["`l` is another"]),
        ({"l": [{"name": "x", "v": 1}]}, {"l": [{"name": "y"}]}, True, ["`l[0]` is not there"]),
        ({"resources": {"cpu": "1000m"}}, {"resources": {"cpu": "1"}}, True, []),
        ({"resources": {"cpu": "1000m"}}, {"resources": {"cpu": "2"}}, True, ["`resources.cpu` is `2`, not `1000m`"]),
        ({"resources": {"memory": "1024Mi"}}, {"resources": {"memory": "1Gi"}}, True, []),
        ({"a": "1000m"}, {"a": "1"}, True, ["`a` is `1`, not `1000m`"]),
        ({"a": "x" * 100}, {"a": "y"}, True, [f"`a` is `y`, not `{'x' * 59}…`"]),
    ],
)
def test_fields_that_we_write_and_that_are_others(
    *, wanted: dict[str, Any], found: dict[str, Any], own_kind: bool, said: list[str]
) -> None:
    assert [each.said for each in differences(wanted, found, own_kind=own_kind)] == said


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        ({"selector": {"a": "b"}}, {"selector": {"a": "b", "c": "d"}}, ["`spec.selector.c` is there, and not emitted"]),
        ({"l": [{"a": 1}]}, {"l": [{"a": 1, "b": 2}]}, ["`spec.l[0].b` is there, and not emitted"]),
        ({"a": 1}, {"a": 1, "b": {}, "c": [], "d": None, "e": ""}, []),
        ({"a": 1}, {"a": 2, "b": True}, ["`spec.a` is `2`, not `1`", "`spec.b` is there, and not emitted"]),
    ],
)
def test_fields_that_others_added_to_a_spec_that_is_whole(
    wanted: dict[str, Any], found: dict[str, Any], said: list[str]
) -> None:
    body = {"spec": found, "metadata": {"labels": {"of": "others"}}, "status": {"a": 1}}
    assert [each.said for each in differences({"spec": wanted}, body, own_kind=False, whole=True)] == said


def test_who_changed_a_field() -> None:
    found = {
        "metadata": {
            "managedFields": [
                {
                    "manager": "argocd",
                    "time": "2026-01-01T00:00:00Z",
                    "fieldsV1": {"f:spec": {"f:host": {}, "f:a": {}}},
                },
                {"manager": "kubectl-edit", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:host": {}}}},
            ]
        }
    }
    assert changed_by(found, ("spec", "host")) == "kubectl-edit"
    assert changed_by(found, ("spec", "a", 0, "b")) == "argocd"
    assert changed_by(found, ("metadata", "labels")) == ""
    assert changed_by({}, ("spec",)) == ""
