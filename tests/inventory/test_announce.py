"""`meshgen inventory announce`: one item of one inventory changes, and no other line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.cli import main
from meshgen.inventory.announce import Announcement, announce

if TYPE_CHECKING:
    from pathlib import Path

FLEET = """apiVersion: meshgen.io/v1
kind: Fleet
metadata: {name: demo}
spec:
  platform: istio
  clusters: [{name: east}, {name: west}]
"""
EAST = """apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: east}
spec:
  namespaces:
  - {name: shop}
  services:
  - name: orders
    namespace: shop
    selector: {app: orders}
    ports: [{name: http, port: 80}]
    serviceAccounts: [orders]
    injected: true
"""
WEST = """# of the team shop
apiVersion: meshgen.io/v1
kind: Inventory
metadata: {name: west}
spec:
  namespaces:
  - {name: shop}   # since May
  services:
  - name: users
    namespace: shop
  # first in May
  - name: carts
    namespace: shop
    selector:   {app:   carts}
"""


class Here:
    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.fleet = directory / "fleet"
        self.west = self.fleet / "inventory/west.yaml"
        self.west.parent.mkdir(parents=True)
        (self.fleet / "fleet.yaml").write_text(FLEET)
        (self.fleet / "inventory/east.yaml").write_text(EAST)
        self.west.write_text(WEST)
        self._capsys = capsys

    def run(self, *arguments: str, cluster: str = "west") -> tuple[int, list[str]]:
        common = ["inventory", "announce", "--fleet", str(self.fleet), "--format", "concise", "--cluster", cluster]
        code = main([*common, *arguments])
        lines = self._capsys.readouterr().err.replace(f"{self.fleet}", "fleet").splitlines()
        return code, lines[:-1]

    def said(self, *arguments: str, cluster: str = "west") -> list[str]:
        """Findings without their help; nothing may have been written."""
        code, lines = self.run(*arguments, cluster=cluster)
        assert (code, self.west.read_text()) == (1, WEST)
        return [line.partition(" = ")[0] for line in lines]


@pytest.fixture
def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(tmp_path, capsys)


@pytest.mark.parametrize("host", ["orders.shop", "orders.shop.svc.cluster.local"])
def test_a_service_arrives_as_another_cluster_has_it(here: Here, host: str) -> None:
    assert here.run(host) == (0, ["arriving in `west`: orders.shop"])
    added = """  - name: orders
    namespace: shop
    selector: {app: orders}
    ports: [{name: http, port: 80}]
    serviceAccounts: [orders]
    injected: true
    state: arriving
"""
    place = WEST.index("  - name: users")
    assert here.west.read_text() == WEST[:place] + added + WEST[place:]


def test_a_service_leaves(here: Here) -> None:
    assert here.run("carts.shop", "--state", "leaving") == (0, ["leaving in `west`: carts.shop"])
    assert here.west.read_text() == f"{WEST}    state: leaving\n"


def test_MG063_fires_for_an_unknown_cluster(here: Here) -> None:
    assert here.said("orders.shop", cluster="wset") == ["meshgen: error[MG063] the fleet `fleet` has no cluster `wset`"]
    assert here.said("orders.shop", "--from", "eest") == [
        "meshgen: error[MG063] the fleet `fleet` has no cluster `eest`"
    ]


def test_MG064_fires_for_a_service_that_is_there(here: Here) -> None:
    assert here.said("carts.shop") == ["meshgen: error[MG064] `carts.shop` is there in the inventory of `west`"]


def test_MG064_silent_for_one_that_is_not(here: Here) -> None:
    assert here.run("orders.shop")[0] == 0


def test_MG065_fires_for_a_service_that_nobody_has(here: Here) -> None:
    assert here.said("odrers.shop") == ["meshgen: error[MG065] no inventory of the fleet has a Service `odrers.shop`"]
    assert here.said("orders.shop", "--state", "leaving") == [
        "meshgen: error[MG065] the inventory of `west` has no Service `orders.shop`"
    ]


def test_MG065_names_the_one_that_is_meant(here: Here) -> None:
    (found,) = announce(Announcement("odrers.shop", "west", "arriving", here.fleet)).findings
    assert found.help == "A similar name exists: `orders.shop`."


def test_MG065_silent_for_one_that_somebody_has(here: Here) -> None:
    assert here.run("orders.shop", "--from", "east")[0] == 0


def test_MG068_fires_without_the_namespace_or_the_inventory(here: Here) -> None:
    (here.fleet / "inventory/east.yaml").write_text(EAST.replace("shop", "bar"))
    assert here.said("orders.bar") == ["meshgen: error[MG068] the inventory of `west` has no namespace `bar`"]
    (here.fleet / "inventory/east.yaml").unlink()
    assert here.said("carts.shop", cluster="east") == [
        "meshgen: error[MG068] the fleet `fleet` has no inventory of `east`"
    ]


def test_MG068_silent_with_both(here: Here) -> None:
    assert here.run("orders.shop")[0] == 0
