"""`meshgen verify` beside real API servers, istiods and Envoys: silent while all is well, and what it says when not.

Each scenario breaks one thing, and repairs it at its end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lab.isolation import WORK
from lab.scenarios.drafts import host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Object
    from lab.fleet import Lab
    from lab.pod import Pod

_ISTIO = "networking.istio.io/v1"
_DEBUG = 15014
_SECONDS = 40.0
DETAILS, REVIEWS = host("details"), host("reviews")


def _saved(pod: Pod) -> Path:
    """What a proxy knows, as `istioctl proxy-config all` writes it."""
    path = WORK / f"{pod.cluster.name}-{pod.name}.json"
    path.write_text(json.dumps(pod.envoy.admin("config_dump?include_eds=true")), encoding="utf-8")
    return path


def _asked(lab: Lab, cluster: str, what: str) -> Path:
    """What istiod answers inside of its pod."""
    path = WORK / f"{cluster}-{what}.json"
    with lab.clusters[cluster].control.entered():
        url = f"http://127.0.0.1:{_DEBUG}/debug/{what}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            path.write_bytes(answer.read())
    return path


def _verify(lab: Lab, cluster: str, *options: str) -> tuple[int, str]:
    """Exit code and output of the command, run beside the cluster's control plane."""
    target = lab.clusters[cluster]
    command = [sys.executable, "-m", "meshgen", "verify", str(lab.fleet), "--cluster", cluster, "--timeout", "10"]
    command += ["--kubeconfig", str(target.directory / "kubeconfig"), *options]
    with target.control.entered():
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def _codes(lab: Lab, cluster: str, *pods: Pod, istiod: bool = True) -> dict[str, str]:
    """Code → message, with the dumps of these pods, and what istiod says."""
    options = [f"--config-dump={_saved(pod)}" for pod in pods]
    if istiod:
        options += [f"--istiod-dump={_asked(lab, cluster, what)}" for what in ("configz", "syncz")]
    _, text = _verify(lab, cluster, "--format=json", *options)
    return _found(text)


def _found(text: str) -> dict[str, str]:
    found = json.loads(text)
    return {each["code"]: each["message"] for each in (found["findings"] if isinstance(found, dict) else found)}


def _wait_for(lab: Lab, wanted: dict[str, list[str]], cluster: str, *pods: Pod, istiod: bool = True) -> dict[str, str]:
    """Until exactly these codes are found, each with these words: istiod takes its time."""
    deadline = time.monotonic() + _SECONDS
    while True:
        found = _codes(lab, cluster, *pods, istiod=istiod)
        if found.keys() == wanted.keys() or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert found.keys() == wanted.keys(), found
    for code, words in wanted.items():
        assert [word for word in words if word not in found[code]] == [], found[code]
    return found


def _gateway(lab: Lab, cluster: str) -> Pod:
    return lab.gateways[f"{cluster}/bookinfo/eastwest-gateway"].pods[0]


def _named(lab: Lab, cluster: str, kind: str, part: str) -> Object:
    """The first object of a kind with these words in its name."""
    items = lab.clusters[cluster].api.items(_ISTIO, kind)
    return min((body for body in items if part in body["metadata"]["name"]), key=lambda body: body["metadata"]["name"])


@contextmanager
def _repaired(lab: Lab, cluster: str, body: Object) -> Iterator[None]:
    """Bring back what was deleted or edited."""
    yield
    kept = {
        key: value for key, value in body["metadata"].items() if key in ("name", "namespace", "labels", "annotations")
    }
    lab.clusters[cluster].api.apply({**body, "metadata": kept})


def test_all_is_well_in_one_line(bookinfo: Lab) -> None:
    _wait_for(bookinfo, {}, "c1", bookinfo.client("c1"), _gateway(bookinfo, "c1"))
    _wait_for(bookinfo, {}, "c2", bookinfo.client("c2"), _gateway(bookinfo, "c2"))
    code, text = _verify(bookinfo, "c1")
    assert (code, text.count("\n")) == (0, 1)
    assert text.endswith("objects as emitted; 3 of 3 addresses of gateways answering\n")


def test_an_object_was_deleted(bookinfo: Lab) -> None:
    """Priorities go with it, and istiod does not hold it: one cause."""
    rule = _named(bookinfo, "c1", "DestinationRule", "details")
    with _repaired(bookinfo, "c1", rule):
        bookinfo.clusters["c1"].api.delete(rule)
        _wait_for(bookinfo, {"MG760": ["meshgen-details"]}, "c1", bookinfo.client("c1"))


def test_an_object_was_changed_by_hand(bookinfo: Lab) -> None:
    entry = _named(bookinfo, "c1", "WorkloadEntry", "details")
    with _repaired(bookinfo, "c1", entry):
        bookinfo.clusters["c1"].api.patch(entry, {"spec": {"address": "192.0.2.200"}})
        wanted = {"MG761": ["`spec.address` is `192.0.2.200`", "written last by"]}
        _wait_for(bookinfo, wanted, "c1", bookinfo.client("c1"))


def test_istiod_does_not_take_an_entry(bookinfo: Lab) -> None:
    """The API server has it as emitted, each sync is green, and nobody hears of it: here what was known before it."""
    entry = _named(bookinfo, "c1", "WorkloadEntry", "details")
    client = bookinfo.client("c1")
    with _repaired(bookinfo, "c1", entry):
        bookinfo.clusters["c1"].api.delete(entry)
        _wait_for(bookinfo, {"MG760": [entry["metadata"]["name"]]}, "c1", client)
        proxy, configz = _saved(client), _asked(bookinfo, "c1", "configz")
    _, text = _verify(bookinfo, "c1", "--format=json", f"--istiod-dump={configz}")
    assert {name: message for name, message in _found(text).items() if entry["metadata"]["name"] in message}.keys() == {
        "MG763"
    }
    _, text = _verify(bookinfo, "c1", "--format=json", f"--config-dump={proxy}")
    assert list(_found(text)) == ["MG767"]
    assert entry["spec"]["address"] in _found(text)["MG767"]


def test_an_earlier_fleet_left_something(bookinfo: Lab) -> None:
    entry = _named(bookinfo, "c1", "ServiceEntry", "reviews")
    kept = {key: value for key, value in entry["metadata"].items() if key in ("namespace", "labels", "annotations")}
    left = {**entry, "metadata": {**kept, "name": "old"}, "spec": {**entry["spec"], "hosts": ["old.bookinfo.mesh"]}}
    bookinfo.clusters["c1"].api.apply(left)
    _wait_for(bookinfo, {"MG762": ["`meshgen-multicluster/old`"]}, "c1", bookinfo.client("c1"))
    bookinfo.clusters["c1"].api.delete(left)


def test_an_address_of_a_gateway_is_dead(bookinfo: Lab) -> None:
    (address, *_) = _gateway_addresses(bookinfo, "c2")
    bookinfo.addresses[address].refuse()
    _wait_for(bookinfo, {"MG775": [address, "connection refused"]}, "c1", bookinfo.client("c1"))
    bookinfo.addresses[address].restore()


def _gateway_addresses(lab: Lab, cluster: str) -> list[str]:
    return list(lab.gateways[f"{cluster}/bookinfo/eastwest-gateway"].addresses)


def test_a_gateway_does_not_let_in_a_host(bookinfo: Lab) -> None:
    """From the consumer it looks as without pods; where the gateway is, the object is named, once."""
    gateway = _named(bookinfo, "c2", "Gateway", "reviews")
    with _repaired(bookinfo, "c2", gateway):
        bookinfo.clusters["c2"].api.patch(gateway, {"spec": {"selector": {"nobody": "has this"}}})
        _wait_for(bookinfo, {"MG776": [REVIEWS]}, "c1", bookinfo.client("c1"))
        changed = {"MG761": ["`spec.selector.nobody` is there, and not emitted"]}
        _wait_for(bookinfo, changed, "c2", _gateway(bookinfo, "c2"), istiod=False)


def test_pods_run_under_another_account(bookinfo: Lab) -> None:
    pod = bookinfo.pod("c2", "bookinfo", "reviews")
    other = type(pod)(pod.cluster, pod.settings.renamed("reviews-other", service_account="other"))
    bookinfo.end_pod(pod)
    bookinfo.start_pods([other])
    wanted = {"MG777": [REVIEWS, "ns/bookinfo/sa/other", "ns/bookinfo/sa/bookinfo-reviews"]}
    _wait_for(bookinfo, wanted, "c1", bookinfo.client("c1"))
    bookinfo.end_pod(other)
    bookinfo.start_pods([type(pod)(pod.cluster, pod.settings)])


def test_a_proxy_is_in_another_network(bookinfo: Lab) -> None:
    settings = bookinfo.client("c1").settings.renamed("lost", env={"ISTIO_META_NETWORK": "network-9"})
    lost = type(bookinfo.client("c1"))(bookinfo.clusters["c1"], settings)
    bookinfo.start_pods([lost])
    _wait_for(bookinfo, {"MG765": ["`lost.lab-client`", "`network-9`", "`network-1`"]}, "c1", lost)
    bookinfo.delete_pod(lost)


def test_the_pods_of_a_service_are_gone(bookinfo: Lab) -> None:
    """Where the clients are, and behind a gateway."""
    pods = [bookinfo.pod("c1", "bookinfo", "details"), bookinfo.pod("c2", "bookinfo", "reviews")]
    for pod in pods:
        bookinfo.end_pod(pod)
    wanted = {"MG769": [DETAILS, "`client.lab-client`"], "MG776": [REVIEWS]}
    _wait_for(bookinfo, wanted, "c1", bookinfo.client("c1"))
    wanted = {"MG769": [REVIEWS, "`eastwest-gateway-0.bookinfo`"], "MG776": [DETAILS]}
    _wait_for(bookinfo, wanted, "c2", _gateway(bookinfo, "c2"))
    bookinfo.start_pods([type(pod)(pod.cluster, pod.settings) for pod in pods])
