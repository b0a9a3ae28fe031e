"""Laws of the import, for generated inventories and manifests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshgen.inventory.file import next_text, read_inventory
from meshgen.inventory.merge import merge, place
from tests.inventory.importing import facts_of

NAMES = st.sampled_from(["a", "b", "c"])
NAMESPACES = st.sampled_from(["n", "shop", "y"])
ADDRESSES = st.lists(st.integers(1, 9).map("198.51.100.{}".format), unique=True, max_size=5)
LABELS = st.dictionaries(NAMES, st.sampled_from(["x", "on", "1", "no", "1.30", "0x1", "1e3", ""]), max_size=2)
COMMENT = st.sampled_from(["", "one", "it's: {a} [b", "# twice", "'quote \""])


def by_name(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in items}
    return list(found.values())


SERVICES = st.builds(
    lambda name, namespace, selector, gateway, addresses: {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "ports": [{"port": 15443 if gateway else 80}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address} for address in addresses]}},
    },
    NAMES,
    NAMESPACES,
    LABELS,
    st.booleans(),
    ADDRESSES,
)
WORKLOADS = st.builds(
    lambda name, namespace, labels: {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": {"serviceAccountName": f"sa-{name}"}}},
    },
    NAMES,
    NAMESPACES,
    LABELS,
)
OBJECTS = st.builds(
    lambda services, workloads: by_name(services) + by_name(workloads),
    st.lists(SERVICES, max_size=6),
    st.lists(WORKLOADS, max_size=4),
).filter(bool)


def texts(objects: list[dict[str, Any]]) -> list[str]:
    return [json.dumps(item) for item in objects]


@given(OBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_manifests_does_not_matter(objects: list[dict[str, Any]], random: Any) -> None:
    shuffled = objects[:]
    random.shuffle(shuffled)
    assert merge({}, facts_of(*texts(objects))) == merge({}, facts_of(*texts(shuffled)))


@st.composite
def inventories(draw: st.DrawFn) -> str:
    """An inventory as people keep it: in any order, with comments, some items in braces."""
    keys = st.lists(st.tuples(NAMESPACES, NAMES), unique=True, max_size=5)
    lines = ["apiVersion: meshgen.io/v1", "kind: Inventory", "metadata: {name: c}", "spec:"]
    services, gateways = draw(keys), draw(keys)
    lines.append("  services:" if services else "  services: []")
    for namespace, name in services:
        comment = draw(COMMENT)
        lines += [
            f"  # above {namespace}/{name}",
            f"  - name: {name}  # {comment}",
            f"    namespace: {json.dumps(namespace)}",
        ]
        if draw(st.booleans()):
            lines.append("    state: leaving  # why")
        if draw(st.booleans()):
            lines.append(f"    selector: {json.dumps(draw(LABELS))}")
        lines += [f"    # end of {namespace}/{name}", *draw(st.sampled_from([[], [""]]))]
    if gateways:
        lines.append("  gateways:")
    for namespace, name in gateways:
        addresses = json.dumps(draw(ADDRESSES))
        lines.append(
            f"  - {{name: {name}, namespace: {json.dumps(namespace)}, addresses: {addresses}}}  # by {namespace}/{name}"
        )
    return "\n".join([*lines, "# end"]) + "\n"


def imported(text: str, objects: list[dict[str, Any]]) -> str:
    old, findings = read_inventory(text, "c.yaml", "c")
    assert old is not None, findings
    return next_text(old, text, "c", merge(old.spec, facts_of(*texts(objects))))


def spec_of(text: str) -> dict[str, Any]:
    old, findings = read_inventory(text, "c.yaml", "c")
    assert old is not None, findings
    return old.spec


def keyed(items: list[dict[str, Any]] | None) -> dict[tuple[str, str], dict[str, Any]]:
    return {(item["namespace"], item["name"]): item for item in items or []}


@given(inventories(), OBJECTS)
def test_a_second_import_changes_nothing(text: str, objects: list[dict[str, Any]]) -> None:
    once = imported(text, objects)
    assert imported(once, objects) == once


@given(inventories(), OBJECTS)
def test_comments_and_leaving_stay_with_items_that_stay(text: str, objects: list[dict[str, Any]]) -> None:
    once = imported(text, objects)
    before, after = keyed(spec_of(text).get("services")), keyed(spec_of(once).get("services"))
    for key in before.keys() & after.keys():
        name = "/".join(key)
        assert once.count(f"# above {name}\n") == once.count(f"# end of {name}\n") == 1
        assert after[key].get("state") == before[key].get("state")
        start, end = once.index(f"# above {name}\n"), once.index(f"# end of {name}\n")
        assert f"- name: {key[1]} " in once[start:end]
    assert once.count("# why") == text.count("# why") - sum(
        "state" in item for key, item in before.items() if key not in after
    )
    assert once.endswith("# end\n")


@given(inventories(), OBJECTS)
def test_no_gateway_loses_its_addresses(text: str, objects: list[dict[str, Any]]) -> None:
    once = imported(text, objects)
    before, after = keyed(spec_of(text).get("gateways")), keyed(spec_of(once).get("gateways"))
    shown = {
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for item in objects
        if item["kind"] == "Service"
        and item["status"]["loadBalancer"]["ingress"]
        and item["spec"]["ports"][0]["port"] == 15443
    }
    for key, gateway in before.items():
        assert once.count(f"# by {'/'.join(key)}\n") == 1
        if key not in shown:
            assert after[key].get("addresses", []) == gateway["addresses"]


@given(ADDRESSES, ADDRESSES.filter(bool))
def test_placing_keeps_survivors_and_moves_as_few_as_possible(old: list[str], new: list[str]) -> None:
    placed = place(old, new)
    assert sorted(placed) == sorted(new)
    assert place(placed, new) == placed
    survivors = set(old) & set(new)
    moved = [address for address in survivors if placed.index(address) != old.index(address)]
    must_move = [address for address in survivors if old.index(address) >= len(new)]
    assert sorted(moved) == sorted(must_move)
