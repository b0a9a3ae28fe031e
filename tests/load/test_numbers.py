"""Numbers of hundreds of digits, wherever one can stand: findings, and no more than people read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meshgen.diagnostics.render import render
from meshgen.pipeline import check_fleet
from tests.load.support import FLEET, document

if TYPE_CHECKING:
    from pathlib import Path

DIGITS = "9" * 5_000
HEX = "0x" + "f" * 3_990
NUMBERS = [DIGITS, DIGITS[:400], HEX, f"-{DIGITS}", f"{DIGITS}.5", f"1e{DIGITS}", "1e999", f"!!int {HEX}", "9" * 63]
GATEWAY = "{namespaceSelector: {names: ['*/a']}, eastWestGateway: {name: g, namespace: a, replicas: %s, port: 1}}"
RETRIES = "{namespaceSelector: {names: ['*/a']}, failover: {retries: {attempts: %s}}}"
PLACES = {
    "apiVersion": "apiVersion: %s\nkind: Fleet\nmetadata: {name: demo}\nspec: {platform: istio}\n",
    "kind": "apiVersion: meshgen.io/v1\nkind: %s\n",
    "name": "apiVersion: meshgen.io/v1\nkind: Fleet\nmetadata: {name: %s}\nspec: {platform: istio}\n",
    "key": FLEET + "  %s: x\n",
    "network": FLEET + document("Cluster", "a", "{network: %s}"),
    "replicas": FLEET + document("Workspace", "w", GATEWAY),
    "port": FLEET + document("Workspace", "w", GATEWAY.replace("replicas: %s, port: 1", "port: %s")),
    "attempts": FLEET + document("Workspace", "w", RETRIES),
    "version": FLEET + "  istio: {version: %s}\n",
    "version in quotes": FLEET + "  istio: {version: '%s.%s'}\n",
    "observed version": FLEET + document("Cluster", "a") + document("Inventory", "a", "{istio: {version: '1.%s'}}"),
    "requiredVersion": FLEET + "  requiredVersion: '==%s'\n",
    "vipRange": FLEET + "  istio: {vipRange: '240.0.0.0/%s'}\n" + document("Cluster", "a"),
    "podCIDRs": FLEET + document("Cluster", "a", "{podCIDRs: ['%s', '10.0.0.0/%s', '::%s']}"),
    "addresses": FLEET
    + document("Cluster", "a")
    + document("Inventory", "a", "{gateways: [{name: g, namespace: n, addresses: ['%s', '10.0.0.%s']}]}"),
    "code": FLEET + "  accept: [{code: MG%s, object: x, reason: y}]\n",
    "duration": FLEET + document("Workspace", "w", RETRIES.replace("attempts: %s", "perTryTimeout: %ss")),
}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number[:8]}… ({len(number)})")
@pytest.mark.parametrize("place", PLACES)
def test_a_number_of_hundreds_of_digits_is_a_finding(place: str, number: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(PLACES[place].replace("%s", number))
    checked = check_fleet(tmp_path)
    assert checked.failed or number == "9" * 63 or place in {"name", "observed version"}
    for form in ("full", "json"):
        assert len(render(checked.diagnostics, checked.sources, form)) < 20_000
