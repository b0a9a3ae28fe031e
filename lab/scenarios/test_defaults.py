"""Which settings lose least: the same fault, at the same moment, to services that differ in one setting each."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from lab.scenarios.conftest import Show, Stage

OFF = {"retries": {"mode": "off"}}
VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "no-retries": OFF,
    "errors-1": {"outlierDetection": {"consecutiveGatewayErrors": 1}},
    "errors-1-no-retries": {"outlierDetection": {"consecutiveGatewayErrors": 1}, **OFF},
    "errors-1-60s": {"outlierDetection": {"consecutiveGatewayErrors": 1, "baseEjectionTime": "60s"}},
    "interval-1s": {"outlierDetection": {"interval": "1s"}},
    "attempts-2": {"retries": {"attempts": 2}},
}


def _fleet() -> Draft:
    draft = BOOKINFO.changed()
    services = [service(name) for name in VARIANTS]
    draft.services = {"c1": services, "c2": services}
    draft.exposed = [{"host": host(name), **({"failover": f} if f else {})} for name, f in VARIANTS.items()]
    return draft


FLEET = _fleet()


@pytest.mark.parametrize("name", ["defaults", "errors-1"])
def test_a_healthy_service_that_answers_one_request_503(stage: Stage, name: str, show: Show) -> None:
    """A request that fails for reasons of its own; with `consecutiveGatewayErrors: 1` it takes the endpoint out."""
    client = stage.boot(FLEET).new_client("c1")
    warm = send(client, url(name), 10)
    failed = send(client, f"{url(name)}503", 1)
    after = send(client, url(name), 50)
    show(f"{name}, before", warm)
    show(f"{name}, one GET that every copy answers 503", failed)
    show(f"{name}, the next requests", after)
    assert (warm.lost, set(warm.by_cluster)) == ([], {"c1"})
    if name == "defaults":
        assert (after.lost, set(after.by_cluster)) == ([], {"c1"})
    else:
        assert "c1" not in after.by_cluster


def test_settings_of_failover_compared(own_stage: Stage, show: Show) -> None:
    """The applications of c1 die for 70 s, endpoints published; every setting gets GET and POST of its own."""
    lab = own_stage.boot(FLEET)
    clients = {method: lab.new_client("c1") for method in ("GET", "POST")}
    with ExitStack() as loads:
        running = {
            (name, method): loads.enter_context(Load(client, url(name), rate=5, method=method))
            for name in VARIANTS
            for method, client in clients.items()
        }
        time.sleep(3)
        for name in VARIANTS:
            lab.pod("c1", "bookinfo", name).stop_server()
        time.sleep(70)
    for (name, method), load in running.items():
        show(f"{name}, {method}", load.report)
    assert running["defaults", "GET"].report.lost == []
