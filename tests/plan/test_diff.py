"""The difference of two plans, as data, and the laws that it keeps."""

from __future__ import annotations

import random
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from meshgen.pipeline import plan_fleet
from meshgen.plan.diff import Entrance, Use, applied, cut, diff, uses
from meshgen.plan.keys import Key, objects
from meshgen.plan.model import ClusterPlan, GatewayAddress
from tests.fleets import HAS, LACKS, compiled, fleet

if TYPE_CHECKING:
    from meshgen.plan.model import Plan

WEB = "web.shop.svc.cluster.local"
C1 = GatewayAddress("c1", "shop", "ew")
C2 = GatewayAddress("c2", "shop", "ew")
SE = Key("c1", "ServiceEntry", "meshgen-multicluster", WEB)
ROOT = Path(__file__).parent.parent.parent
FLEETS = sorted((ROOT / "examples").glob("*/fleet"))


def plan(*texts: str) -> Plan:
    return compiled(*texts).plan


def workspace(text: str) -> str:
    return f"""
kind: Workspace
metadata: {{name: shop}}
spec:
  namespaceSelector: {{names: ["*/shop"]}}
  eastWestGateway: {{name: ew, namespace: shop}}
  {text}
"""


DRAINING = workspace(f"exposedServices: [{{host: {WEB}, state: draining}}]")
WITHDRAWN = workspace("exposedServices: []")


def test_an_address_that_changes_changes_one_object_and_no_use() -> None:
    found = diff(plan(LACKS), plan(LACKS.replace("192.0.2.2", "192.0.2.3")))
    assert list(found.changed) == [SE]
    assert (found.added, found.removed, found.gained, found.lost) == ({}, {}, (), ())


def test_draining_loses_the_use_and_closes_nothing() -> None:
    found = diff(plan(LACKS), plan(LACKS, DRAINING))
    assert SE in found.removed
    assert (found.lost, found.gained) == ((Use("c1", WEB, C2),), ())
    assert (found.opened, found.closed) == ((), ())


def test_withdrawing_what_is_drained_closes_the_gateway_and_loses_nothing() -> None:
    found = diff(plan(LACKS, DRAINING), plan(LACKS, WITHDRAWN))
    assert (found.lost, found.closed) == ((), (Entrance(C2, WEB),))


def test_a_copy_that_comes_makes_entries_of_a_service_entry() -> None:
    found = diff(plan(LACKS), plan(HAS)).of("c1")
    assert {key.sort for key in found.removed} == {"ServiceEntry", "DestinationRule", "VirtualService", "Namespace"}
    assert {key.sort for key in found.added} == {
        "WorkloadEntry", "DestinationRule", "VirtualService", "LocalCopy", "Exposure",
    }  # fmt: skip
    assert (found.lost, found.gained, found.opened) == ((), (), (Entrance(C1, WEB),))


def test_uses_of_the_old_plan_that_the_new_one_does_not_let_in_are_cut() -> None:
    assert cut(uses(plan(HAS)), plan(HAS, WITHDRAWN)) == (Use("c1", WEB, C2), Use("c2", WEB, C1))
    assert cut(uses(plan(HAS)), plan(HAS, DRAINING)) == ()


def test_a_wildcard_that_a_list_replaces_closes_as_a_whole_and_lets_its_members_in() -> None:
    tse = LACKS.replace("platform: istio", "platform: tse")
    listed = workspace(f"exposedServices: [{WEB}]")
    found = diff(plan(tse), plan(tse, listed))
    assert [entrance.host for entrance in found.closed] == ["*.shop.svc.cluster.local"] * 2
    assert cut(uses(plan(tse)), plan(tse, listed)) == ()


def test_a_setting_of_the_fleet_is_a_change_of_no_cluster() -> None:
    tse = LACKS.replace("platform: istio", "platform: tse")
    other = tse.replace("platform: tse", "platform: tse\n  tetrate: {organization: other}")
    assert diff(plan(tse), plan(other)).clusters == ("",)


def read_back(directory: Path) -> Plan:
    compilation = plan_fleet(directory)
    assert compilation.plan is not None, compilation.diagnostics
    return compilation.plan


@pytest.mark.parametrize("directory", FLEETS, ids=[path.parent.name for path in FLEETS])
def test_comments_and_places_make_no_difference(directory: Path, tmp_path: Path) -> None:
    """One file for each document, in another order, each with a comment before it."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(directory.rglob("*.yaml"))]
    documents = [document for text in texts for document in text.split("\n---\n")]
    for number, document in enumerate(reversed(documents)):
        (tmp_path / f"{number}.yaml").write_text(f"# moved\n\n{document}\n", encoding="utf-8")
    old, new = read_back(directory), read_back(tmp_path)
    assert old == new
    assert not diff(old, new)


@pytest.mark.parametrize("directory", FLEETS, ids=[path.parent.name for path in FLEETS])
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_lists_that_name_their_items_makes_no_difference(
    directory: Path, seed: int, tmp_path: Path
) -> None:
    """Addresses keep their order, which names entries, and so do the ports of a Service."""
    rng = random.Random(seed)  # noqa: S311 - an order of lists
    yaml = YAML(typ="safe", pure=True)
    for number, path in enumerate(sorted(directory.rglob("*.yaml"))):
        documents = list(yaml.load_all(path.read_text(encoding="utf-8")))
        for document in documents:
            shuffle(document["spec"], rng)
        with (tmp_path / f"{number}.yaml").open("w", encoding="utf-8") as stream:
            yaml.dump_all(documents, stream)
    assert not diff(read_back(directory), read_back(tmp_path))


def shuffle(value: object, rng: random.Random) -> None:
    if isinstance(value, dict):
        for item in value.values():
            shuffle(item, rng)
        for name in value.keys() & {"clusters", "workspaces", "gateways", "services", "namespaces", "exposedServices"}:
            if isinstance(value[name], list):
                rng.shuffle(value[name])
    elif isinstance(value, list):
        for item in value:
            shuffle(item, rng)


def test_every_part_of_a_cluster_has_keys() -> None:
    """A new part of `ClusterPlan` needs its place in meshgen/plan/keys.py, and then in this list."""
    assert {item.name for item in fields(ClusterPlan)} == {
        "cluster", "facts", "namespaces", "gateways", "canary", "exposures", "workspace_exposures", "remote_gateways",
        "service_entries", "stubs", "workload_entries", "aliases", "destination_rules", "virtual_services",
        "mesh_retry_policy", "publications", "published_routes", "host_entries", "host_rules", "certificates",
        "dns_objects", "dns_setup", "gate",
    }  # fmt: skip


NAMES = ("c1", "c2", "c3")
SERVICE = (
    "{{name: {name}, namespace: shop, selector: {{app: {name}}}, ports: [{{name: http, port: 80}}], state: {state}}}"
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of fleets of up to three clusters and two services, with all states that a withdrawal goes through."""
    clusters = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    had = {name: draw(st.lists(st.sampled_from(["web", "api"]), unique=True)) for name in clusters}
    states = st.sampled_from(["active", "draining"])
    listed = ", ".join(f"{{name: {name}, region: {name}, network: {name}, state: {draw(states)}}}" for name in clusters)
    everything = sorted({service for services in had.values() for service in services})
    exposed = ", ".join(
        f"{{host: {name}.shop.svc.cluster.local, state: {draw(states)}}}" for name in everything if draw(st.booleans())
    )
    texts = [
        f"""
kind: Fleet
metadata: {{name: demo}}
spec: {{platform: {draw(st.sampled_from(["istio", "tse"]))}, clusters: [{listed}]}}
""",
        workspace(draw(st.sampled_from(["", f"exposedServices: [{exposed}]"]))),
    ]
    for name, services in had.items():
        state = st.sampled_from(["active", "arriving", "leaving"])
        written = ", ".join(SERVICE.format(name=service, state=draw(state)) for service in services)
        texts.append(f"""
kind: Inventory
metadata: {{name: {name}}}
spec:
  istio: {{dnsCapture: {str(draw(st.booleans())).lower()}}}
  namespaces: [{{name: shop}}]
  services: [{written}]
  gateways: [{{name: ew, namespace: shop, addresses: [192.0.2.{NAMES.index(name) + 1}]}}]
""")
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "fleet.yaml").write_text(fleet(*texts), encoding="utf-8")
        return read_back(Path(directory))


@given(plans())
def test_a_plan_does_not_differ_from_itself(one: Plan) -> None:
    assert not diff(one, one)


@given(plans(), plans())
def test_a_diff_leads_from_the_old_objects_to_the_new_ones_and_back(old: Plan, new: Plan) -> None:
    found = diff(old, new)
    assert applied(objects(old), found) == objects(new)
    assert applied(objects(new), found.inverse()) == objects(old)
    assert diff(new, old) == found.inverse()


@given(plans(), plans())
def test_a_diff_is_the_sum_of_its_clusters_and_is_empty_only_for_equal_plans(old: Plan, new: Plan) -> None:
    found = diff(old, new)
    assert sum(len(part.added) + len(part.changed) for part in map(found.of, found.clusters)) == len(found.added) + len(
        found.changed
    )
    assert bool(found) == (objects(old) != objects(new) or old.exposed != new.exposed)


@given(plans(), plans())
def test_what_is_cut_was_used_and_let_in_before(old: Plan, new: Plan) -> None:
    found = diff(old, new)
    for use in cut(uses(old), new):
        assert use in uses(old) - uses(new)
        assert use in found.lost
