"""The schemas that the README's delivery manifests are held against can tell right from wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.schemas.delivery import refusals

if TYPE_CHECKING:
    from tests.schemas.samples import Object

APPLICATION_SET: Object = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "ApplicationSet",
    "metadata": {"name": "meshgen", "namespace": "argocd"},
    "spec": {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": [{"cluster": "cluster-1", "server": "https://192.0.2.1:6443"}]}}],
        "syncPolicy": {"preserveResourcesOnDeletion": True},
        "template": {
            "metadata": {"name": "meshgen-{{.cluster}}"},
            "spec": {
                "project": "default",
                "source": {
                    "repoURL": "https://git.example.com/fleet.git",
                    "targetRevision": "main",
                    "path": "output/{{.cluster}}",
                    "directory": {"recurse": True},
                },
                "destination": {"server": "{{.server}}"},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["ServerSideApply=true"]},
            },
        },
    },
}


def test_a_delivery_object_is_valid() -> None:
    assert refusals(APPLICATION_SET) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"goTemplates": True}, "/spec: Additional properties"),
        ({"generators": [{"lists": {}}]}, "/spec/generators/0: Additional properties"),
        ({"template": {"metadata": {}}}, "/spec/template: "),
    ],
)
def test_a_wrong_delivery_object_is_refused(change: dict[str, Any], place: str) -> None:
    found = refusals({**APPLICATION_SET, "spec": {**APPLICATION_SET["spec"], **change}})
    assert [one for one in found if one.startswith(place)], found


def test_a_kind_without_a_schema_is_refused() -> None:
    assert refusals({"apiVersion": "argoproj.io/v1beta1", "kind": "ApplicationSet"}) == [
        "/: no schema argoproj.io/applicationset_v1beta1.json"
    ]
