"""MG501 to MG506: what is wrong with emitted objects, shown at the input behind them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.diagnostics import Diagnostic, Note
from meshgen.emit.yaml import document
from meshgen.plan.model import Origin
from meshgen.verify import verify
from meshgen.verify.objects import _MOST_JSON_OF_YAML
from tests.schemas.samples import KINDS, valid
from tests.verify.emitted import ENTRY, ENTRY_PATH, manifest, placed, sample, span

if TYPE_CHECKING:
    from meshgen.emit.artifact import Artifact


def messages(found: list[Diagnostic], code: str) -> list[str]:
    assert {diagnostic.code for diagnostic in found} <= {code}
    return [diagnostic.message for diagnostic in found]


def broken(path: str, value: Any) -> Artifact:
    body = valid(ENTRY)
    *parents, last = path.split("/")
    target: Any = body
    for step in parents:
        target = target[int(step)] if isinstance(target, list) else target[step]
    target[int(last) if isinstance(target, list) else last] = value
    return manifest(body)


def test_MG501_silent_when_objects_of_every_kind_are_valid() -> None:
    assert verify(sample(kind) for kind in KINDS) == []


def test_MG501_fires_when_a_value_is_out_of_range() -> None:
    assert verify([broken("spec/ports/0/number", 70000)]) == [
        Diagnostic(
            "MG501",
            "error",
            f"`{ENTRY_PATH}` is no valid object at `/spec/ports/0/number`: "
            "`70000` is greater than the maximum of 65535",
            span(7),
            "Correct the value in the fleet; if the fleet is right, this is a fault of meshgen, so please report it.",
            object="workspace/line-7",
        )
    ]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("spec/host", "a", "`/spec/host`: unknown field `host`"),
        ("metadata/annotations", {"a/b/c": "x"}, '`/metadata/annotations`: no valid key: "a/b/c" does not match'),
        ("metadata/labels", {"example.com/a_b": "x y"}, "`/metadata/labels/example.com~1a_b`: `"),
        ("metadata", {"namespace": "a", "name": "b", "uid": "1"}, "`/metadata/uid`: unknown field `uid`"),
        ("spec/endpoints/0/serviceAccount", "x", "`/spec/endpoints/0`: `serviceAccount` may not stand here"),
        ("spec/workloadSelector", {}, "`/spec`: `workloadSelector` and `endpoints` may not stand here"),
        ("spec/ports/0", {"number": 80}, "`/spec/ports/0`: field `name` is missing"),
        ("spec/hosts", "x" * 1000, f'`/spec/hosts`: `"{"x" * 59}…` is not of type "array"'),
    ],
)
def test_MG501_fires_when_a_value_is_wrong_and_names_its_pointer(path: str, value: Any, said: str) -> None:
    wrong = broken(path, value)
    first, *_ = messages(verify([wrong]), "MG501")
    assert first.startswith(f"`{wrong.path}` is no valid object at {said}")


def test_MG501_fires_when_alternatives_fail_and_tells_of_the_one_that_was_meant() -> None:
    service = valid("v1 Service")
    service["spec"]["ports"][0]["targetPort"] = 70000
    (said,) = messages(verify([manifest(service)]), "MG501")
    assert said.endswith("`/spec/ports/0/targetPort`: `70000` is greater than the maximum of 65535")


def test_MG501_fires_when_a_part_is_missing() -> None:
    body = valid(ENTRY)
    del body["spec"]
    (said,) = messages(verify([manifest(body)]), "MG501")
    assert said.endswith("at `/`: field `spec` is missing")


def test_MG501_fires_when_an_object_has_another_field_beside_its_spec() -> None:
    (said,) = messages(verify([manifest(valid(ENTRY) | {"status": {}})]), "MG501")
    assert said.endswith("at `/status`: unknown field `status`")


def test_MG501_fires_when_an_object_without_a_place_is_wrong() -> None:
    body = valid(ENTRY)
    body["spec"]["ports"] = []
    body["spec"]["host"] = "a"
    nowhere = placed(body, Origin("fleet"))
    assert {(one.span, one.object) for one in verify([nowhere])} == {(None, "fleet")}


def test_MG502_fires_when_a_kind_has_no_schema() -> None:
    body = valid(ENTRY) | {"apiVersion": "networking.istio.io/v2"}
    assert messages(verify([manifest(body)]), "MG502") == [
        (
            "no schema for `networking.istio.io/v2` `ServiceEntry`: "
            "meshgen has no `schemas/networking.istio.io/serviceentry_v2.json`"
        )
    ]


def test_MG502_silent_when_a_kind_of_the_same_name_has_another_group() -> None:
    gateways = [kind for kind in KINDS if kind.endswith(" Gateway")]
    assert len(gateways) > 1
    assert verify(sample(kind) for kind in gateways) == []


def test_MG503_fires_when_one_object_is_emitted_twice() -> None:
    assert verify([sample(line=3), sample(line=9)]) == [
        Diagnostic(
            "MG503",
            "error",
            f"`{ENTRY_PATH}` is emitted twice",
            span(9),
            "Let one of the two inputs go, or give them different names.",
            (Note(span(3), "the other one comes from `workspace/line-3`"),),
            "workspace/line-9",
        )
    ]


def test_MG503_silent_when_the_twin_is_in_another_cluster() -> None:
    assert verify([sample(cluster="cluster-1"), sample(cluster="cluster-2")]) == []


def test_MG504_fires_when_paths_differ_in_case_only() -> None:
    found = verify([sample(cluster="cluster-1", line=3), sample(cluster="Cluster-1", line=9)])
    assert messages(found, "MG504") == [
        f"two objects want one file: `C{ENTRY_PATH[1:]}` and `{ENTRY_PATH}` are the same name on some file systems"
    ]
    assert found[0].notes == (Note(span(3), "the other one comes from `workspace/line-3`"),)


def test_MG504_silent_when_paths_differ_in_more_than_case() -> None:
    other = valid(ENTRY)
    other["metadata"]["name"] = "reviews.bookinfo.svc.cluster.local"
    assert verify([sample(), manifest(other)]) == []


def filled(size: int) -> Artifact:
    """An entry of exactly `size` bytes as JSON."""
    body = valid(ENTRY)
    body["spec"]["subjectAltNames"] = [""]
    empty = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")))
    body["spec"]["subjectAltNames"] = ["x" * (size - empty)]
    return manifest(body)


def test_MG505_fires_when_an_object_is_one_byte_over_1_MiB() -> None:
    assert messages(verify([filled(2**20 + 1)]), "MG505") == [
        f"`{ENTRY_PATH}` has 1048577 bytes, the API server takes 1048576"
    ]


def test_MG505_silent_when_an_object_has_1_MiB() -> None:
    assert verify([filled(2**20)]) == []


JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(JSON)
def test_MG505_silent_when_the_cheap_bound_says_so_is_no_mistake(value: Any) -> None:
    size = len(json.dumps({"a": value}, ensure_ascii=False, separators=(",", ":")).encode())
    assert size <= len(document({"a": value})) * _MOST_JSON_OF_YAML


def annotated(size: int) -> Artifact:
    body = valid(ENTRY)
    body["metadata"]["annotations"] = {"a": "é" * ((size - 1) // 2)}
    return manifest(body)


def test_MG506_fires_when_annotations_have_more_than_256_KiB() -> None:
    assert messages(verify([annotated(2**18 + 1)]), "MG506") == [
        f"`{ENTRY_PATH}` has 262145 bytes of annotations, Kubernetes takes 262144"
    ]


def test_MG506_silent_when_annotations_have_less() -> None:
    assert verify([annotated(2**18 - 1)]) == []
