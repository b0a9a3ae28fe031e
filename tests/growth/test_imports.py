"""What an import costs grows with the objects. Measured in CPU time of this process."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from meshgen.inventory.collect import collect
from meshgen.load.json_text import read_json
from tests.growth.timed import timed

if TYPE_CHECKING:
    from collections.abc import Callable


def deployment(number: int, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": f"web{number}"}}},
    }


def cluster_service(number: int, **selector: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"selector": selector, "ports": [{"name": "http", "port": 80}]},
    }


def peer_authentication(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": {"name": f"web{number}", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": f"web{number}"}}, "mtls": {"mode": "STRICT"}},
    }


def everywhere(*makers: Callable[[int], dict[str, Any]]) -> Callable[[int], list[dict[str, Any]]]:
    return lambda count: [make(number) for make in makers for number in range(count)]


IMPORTS: dict[str, Callable[[int], list[dict[str, Any]]]] = {
    "one workload behind each Service": everywhere(
        lambda k: deployment(k, app=f"web{k}"), lambda k: cluster_service(k, app=f"web{k}")
    ),
    "all of one release": everywhere(
        lambda k: deployment(k, release="x", app=f"web{k}"), lambda k: cluster_service(k, release="x", app=f"web{k}")
    ),
    "Services without a selector": everywhere(lambda k: deployment(k, app=f"web{k}"), cluster_service),
    "a policy for each workload": everywhere(
        lambda k: deployment(k, app=f"web{k}"), lambda k: cluster_service(k, app=f"web{k}"), peer_authentication
    ),
}
IMPORT_SMALL, IMPORT_LARGE = 300, 1_200
MOST_OF_AN_IMPORT = 7.0
"""Of a quadratic search, which costs less an object than what is linear, more than half would have to be hidden."""


def import_cost(objects: list[dict[str, Any]]) -> float:
    """Seconds to find the facts of `objects`, reading them left out."""
    found = read_json(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), "x.json")
    assert found is not None
    seconds, (_, problems) = timed(partial(collect, found[0], "default"))
    assert problems == []
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize("name", IMPORTS)
def test_an_import_of_four_times_as_many_objects_takes_about_four_times_as_long(name: str) -> None:
    import_cost(IMPORTS[name](2))
    small = min(import_cost(IMPORTS[name](IMPORT_SMALL)) for _ in range(2))
    large = min(import_cost(IMPORTS[name](IMPORT_LARGE)) for _ in range(2))
    assert large < MOST_OF_AN_IMPORT * small
