"""The one field that changes where something drains, text beside text; and that undraining gives the text back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshgen.drains.change import ByHandError, drained, undrained
from meshgen.drains.items import Item, Sort, items
from meshgen.language.cluster import Cluster
from meshgen.load.documents import load_texts

C1 = Cluster(name="c1", labels={"tier": "old"})
HEAD = "apiVersion: meshgen.io/v1\n"
CLUSTER = f"{HEAD}kind: Cluster\nmetadata: {{name: c1}}\n"
WORKSPACE = f"{HEAD}kind: Workspace\nmetadata: {{name: shop}}\nspec:\n  namespaceSelector: {{names: ['*/shop']}}\n"
FLEET = f"{HEAD}kind: Fleet\nmetadata: {{name: demo}}\nspec:\n  platform: istio\n"
WEB = "web.shop.svc.cluster.local"
API = "api.shop.svc.cluster.local"
HOST = f"{FLEET}  publishedHosts:\n  - name: shop\n    tls:\n      credentialName: shop\n"


def found(text: str, sort: Sort) -> Item:
    loaded, _ = load_texts({"f.yaml": text}, [])
    return next(item for item in items(loaded, "cluster.local") if item.sort == sort)


@pytest.mark.parametrize(
    ("sort", "old", "new"),
    [
        ("cluster", f"{FLEET}  clusters: [{{name: c1}}, {{name: c2}}]\n",
         f"{FLEET}  clusters: [{{name: c1, state: draining}}, {{name: c2}}]\n"),
        ("cluster", f"{FLEET}  clusters:\n  - name: c1  # the first\n    # where it is\n    region: eu\n",
         f"{FLEET}  clusters:\n  - name: c1  # the first\n    state: draining\n    # where it is\n    region: eu\n"),
        ("cluster", f"{FLEET}  clusters: [{{name: c1, region: eu, state: active}}]\n",
         f"{FLEET}  clusters: [{{name: c1, region: eu, state: draining}}]\n"),
        ("cluster", CLUSTER, f"{CLUSTER}spec:\n  state: draining\n"),
        ("cluster", CLUSTER.strip(), f"{CLUSTER}spec:\n  state: draining"),
        ("cluster", f"{CLUSTER}spec: {{}}\n", f"{CLUSTER}spec: {{state: draining}}\n"),
        ("cluster", f"{CLUSTER}spec:\n  region: eu\n  network: n1\n",
         f"{CLUSTER}spec:\n  region: eu\n  state: draining\n  network: n1\n"),
        ("workspace", f"# of the team\n{WORKSPACE}# end\n",
         f"# of the team\n{WORKSPACE}  draining: {{names: [c1]}}\n# end\n"),
        ("workspace", f"{WORKSPACE}  draining: {{names: [c2]}}  # since May\n",
         f"{WORKSPACE}  draining: {{names: [c2, c1]}}  # since May\n"),
        ("workspace", f"{WORKSPACE}  draining:\n    names:\n    - c2 # slow\n    labels: {{tier: old}}\n",
         f"{WORKSPACE}  draining:\n    names:\n    - c2 # slow\n    - c1\n    labels: {{tier: old}}\n"),
        ("workspace", f"{WORKSPACE}  draining: {{names: [], labels: {{tier: old}}}}\n",
         f"{WORKSPACE}  draining: {{names: [c1], labels: {{tier: old}}}}\n"),
        ("service", f"{WORKSPACE}  exposedServices:\n  - {WEB}  # the shop\n  - {API}\n",
         f"{WORKSPACE}  exposedServices:\n  - {{host: {WEB}, draining: {{names: [c1]}}}}  # the shop\n  - {API}\n"),
        ("service", f"{WORKSPACE}  exposedServices: ['{WEB}']\n",
         f"{WORKSPACE}  exposedServices: [{{host: '{WEB}', draining: {{names: [c1]}}}}]\n"),
        ("service", f"{WORKSPACE}  exposedServices: [{{host: {WEB}}}]\n",
         f"{WORKSPACE}  exposedServices: [{{draining: {{names: [c1]}}, host: {WEB}}}]\n"),
        ("service", f"{WORKSPACE}  exposedServices:\n  - host: {WEB}\n",
         f"{WORKSPACE}  exposedServices:\n  - host: {WEB}\n    draining: {{names: [c1]}}\n"),
        ("gateway", f"{WORKSPACE}  eastWestGateway: {{name: ew, namespace: shop}}\n",
         f"{WORKSPACE}  eastWestGateway: {{name: ew, namespace: shop, draining: {{names: [c1]}}}}\n"),
        ("host", f"{HOST}\n  clusters: []\n", f"{HOST}    draining: {{names: [c1]}}\n\n  clusters: []\n"),
    ],
)  # fmt: skip
def test_one_field_changes_and_undraining_gives_the_bytes_back(sort: Sort, old: str, new: str) -> None:
    assert drained(old, found(old, sort), C1) == new
    assert undrained(new, found(new, sort), C1) == old


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("cluster", f"{CLUSTER}spec: {{state: draining}}\n"),
        ("workspace", f"{WORKSPACE}  draining: {{names: [c1]}}\n"),
        ("workspace", f"{WORKSPACE}  draining: {{names: ['c*']}}\n"),
        ("workspace", f"{WORKSPACE}  draining: {{labels: {{tier: old}}}}\n"),
    ],
)
def test_what_drains_already_stays_as_it_is(sort: Sort, text: str) -> None:
    assert drained(text, found(text, sort), C1) is None


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("cluster", f"{CLUSTER}spec: {{state: active}}\n"),
        ("workspace", WORKSPACE),
        ("workspace", f"{WORKSPACE}  draining: {{names: [c2]}}\n"),
    ],
)
def test_what_does_not_drain_stays_as_it_is(sort: Sort, text: str) -> None:
    assert undrained(text, found(text, sort), C1) is None


@pytest.mark.parametrize(
    ("selector", "why"),
    [
        ("{names: ['c*']}", "`draining` chooses `c1` by a pattern"),
        ("{names: [c1, 'c*']}", "`draining` chooses `c1` by a pattern"),
        ("{labels: {tier: old}}", "`draining` chooses `c1` by its labels"),
        ("{}", "`draining` chooses `c1` by choosing all"),
    ],
)
def test_what_is_chosen_otherwise_than_by_name_is_changed_by_hand(selector: str, why: str) -> None:
    text = f"{WORKSPACE}  draining: {selector}\n"
    with pytest.raises(ByHandError, match="^" + why.replace("*", "\\*")):
        undrained(text, found(text, "workspace"), C1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{WORKSPACE}  draining: {{labels: {{tier: new}}}}\n", "`draining` asks for labels that `c1` does not carry"),
        (
            f"{WORKSPACE}  consumers: &all {{names: [c2]}}\n  draining: *all\n",
            "its layout is one that meshgen does not change",
        ),
    ],
)
def test_what_one_field_cannot_say_is_changed_by_hand(text: str, why: str) -> None:
    with pytest.raises(ByHandError, match=why):
        drained(text, found(text, "workspace"), C1)


PARTS = st.sampled_from(["", "  # why\n", "\n", "  draining: {names: [c2]}\n", "  draining:\n    names: [c2, c3]\n"])
LISTS = st.sampled_from([
    "",
    f"  exposedServices: [{WEB}]\n",
    f"  exposedServices:\n  # first\n  - {WEB}  # web\n",
    f"  exposedServices:\n  - host: {WEB}\n    state: active\n",
    f"  exposedServices:\n  - {{host: {WEB}, state: active}}\n",
])  # fmt: skip
GATEWAYS = st.sampled_from([
    "",
    "  eastWestGateway: {name: ew, namespace: shop}\n",
    "  eastWestGateway:\n    name: ew\n\n    namespace: shop\n",
])  # fmt: skip
ENDS = st.sampled_from(["\n", "\r\n"])


@given(parts=st.tuples(GATEWAYS, LISTS, PARTS), ending=ENDS, cut=st.booleans(), after=st.sampled_from(["", CLUSTER]))
def test_law_drain_then_undrain_gives_the_same_bytes(
    parts: tuple[str, ...], ending: str, *, cut: bool, after: str
) -> None:
    text = WORKSPACE + "".join(parts)
    text = f"{text}---\n{after}" if after else text
    text = (text.removesuffix("\n") if cut else text).replace("\n", ending)
    loaded, _ = load_texts({"f.yaml": text}, [])
    for item in items(loaded, "cluster.local"):
        changed = drained(text, item, C1)
        assert changed is not None
        assert undrained(changed, found(changed, item.sort), C1) == text
