"""Kinds of services and settings of teams that a mesh has, each reached across clusters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab.api import reference
from lab.envoy import wait_until
from lab.load import send
from lab.pod import PodSettings
from lab.scenarios.drafts import BOOKINFO, Draft, host, service, url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.api import Object
    from lab.fleet import Lab
    from lab.load import Report
    from lab.pod import Pod
    from lab.scenarios.conftest import Show, Stage

KINDS = [
    service("named", ports=[{"name": "http", "port": 80, "targetPort": "web"}]),
    service("several", ports=[{"name": "http", "port": 9080}, {"name": "http-admin", "port": 9081}]),
    service("protocol", ports=[{"name": "main", "port": 9080, "appProtocol": "http"}]),
    service("http2", ports=[{"name": "http2", "port": 9080}]),
    service("h2c", ports=[{"name": "main", "port": 9080, "appProtocol": "kubernetes.io/h2c"}]),
    service("calls", ports=[{"name": "grpc", "port": 50051}, {"name": "http-admin", "port": 9080}]),
    service("mysql", ports=[{"name": "tcp-mysql", "port": 3306}]),
    service("accounts", serviceAccounts=["accounts-a", "accounts-b"]),
    service("stable", selector={"app": "stable"}),
    service("stable-metrics", selector={"app": "stable"}, serviceAccounts=["bookinfo-stable"]),
    service("web-stable", selector={"app": "web", "track": "stable"}),
    service("web-canary", selector={"app": "web", "track": "canary"}),
]
TARGETS = [
    url("named", 80),
    url("several"),
    url("several", 9081),
    url("protocol"),
    f"http2://{host('http2')}:9080/",
    f"http2://{host('h2c')}:9080/",
    f"grpc://{host('calls')}:50051/",
    f"tcp://{host('mysql')}:3306",
    url("accounts"),
    url("stable"),
    url("stable-metrics"),
    url("web-stable"),
    url("web-canary"),
]


def _fleet(local: list[dict[str, object]]) -> Draft:
    draft = BOOKINFO.changed()
    draft.services = {"c1": local, "c2": KINDS}
    draft.exposed = [host(str(item["name"])) for item in KINDS]
    return draft


REMOTE_ONLY = _fleet([])
BOTH = _fleet(KINDS)


@pytest.mark.quick
@pytest.mark.parametrize("target", TARGETS)
def test_every_kind_is_reached_where_only_the_other_cluster_has_it(stage: Stage, target: str, show: Show) -> None:
    lab = stage.boot(REMOTE_ONLY)
    report = lab.send("c1", target, 20)
    show(target, report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c2"}


def _pods(report: Report) -> set[str]:
    return {json.loads(request.answer)["pod"] for request in report.requests}


@pytest.mark.parametrize("name", ["web-stable", "web-canary"])
def test_stable_and_canary_services_are_reached_apart(stage: Stage, name: str) -> None:
    report = stage.boot(REMOTE_ONLY).send("c1", url(name), 20)
    assert (report.lost, _pods(report)) == ([], {name})


def test_pods_under_every_account_of_a_service_answer(stage: Stage) -> None:
    report = stage.boot(REMOTE_ONLY).send("c1", url("accounts"), 20)
    assert (report.lost, _pods(report)) == ([], {"accounts-accounts-a", "accounts-accounts-b"})


@pytest.fixture
def local_copies_dead(stage: Stage) -> Lab:
    if stage.draft is BOTH and stage.lab:
        return stage.lab
    lab = stage.boot(BOTH)
    for item in KINDS:
        report = lab.send("c1", _target(str(item["name"])), 10)
        assert set(report.by_cluster) == {"c1"}, item["name"]
    for key, pod in lab.pods.items():
        if key.startswith("c1/bookinfo/"):
            pod.stop_proxy()
    return lab


def _target(name: str) -> str:
    return next(target for target in TARGETS if f"//{host(name)}:" in target)


@pytest.mark.parametrize("target", TARGETS)
def test_every_kind_fails_over(local_copies_dead: Lab, target: str, show: Show) -> None:
    """TCP knows no retries: it may lose connections until the dead endpoint is ejected."""
    first = local_copies_dead.send("c1", target, 30)
    show(f"{target}, the first requests", first)
    report = local_copies_dead.send("c1", target, 30)
    show(f"{target}, the next ones", report)
    assert report.lost == []
    assert set(report.by_cluster) == {"c2"}
    if not target.startswith("tcp:"):
        assert first.lost == []


def _policy(kind: str, name: str, namespace: str, spec: Object) -> Object:
    group = "networking" if kind == "Sidecar" else "security"
    return reference(f"{group}.istio.io/v1", kind, name, namespace) | {"spec": spec}


@pytest.fixture
def policies(bookinfo: Lab) -> Iterator[list[tuple[str, Object]]]:
    """Objects of a team, (cluster, object), applied by the scenario and deleted after it."""
    applied: list[tuple[str, Object]] = []
    yield applied
    for cluster, body in applied:
        bookinfo.clusters[cluster].api.delete(body)


def _apply(lab: Lab, policies: list[tuple[str, Object]], cluster: str, body: Object) -> None:
    lab.clusters[cluster].api.apply(body, manager="team")
    policies.append((cluster, body))


def test_strict_mutual_tls_changes_nothing(
    bookinfo: Lab, client: Pod, policies: list[tuple[str, Object]], show: Show
) -> None:
    for cluster in bookinfo.clusters:
        _apply(
            bookinfo,
            policies,
            cluster,
            _policy("PeerAuthentication", "default", "istio-system", {"mtls": {"mode": "STRICT"}}),
        )
    report = send(client, url("reviews"), 50)
    show("reviews from c1, STRICT in both clusters", report)
    assert report.lost == []


def test_an_authorization_policy_names_callers_of_other_clusters(
    bookinfo: Lab, client: Pod, policies: list[tuple[str, Object]], show: Show
) -> None:
    """Principals survive the gateways: a policy at the source lets one client in and keeps the other out."""
    rules = [{"from": [{"source": {"principals": ["cluster.local/ns/lab-client/sa/client"]}}]}]
    spec = {"selector": {"matchLabels": {"app": "reviews"}}, "action": "ALLOW", "rules": rules}
    _apply(bookinfo, policies, "c2", _policy("AuthorizationPolicy", "callers", "bookinfo", spec))
    settings = PodSettings(name="stranger", namespace="lab-client", service_account="stranger")
    # A policy counts for new connections: one client sees it come, another one has no older connection.
    probe = bookinfo.new_client("c1", settings)
    wait_until(lambda: {r.status for r in send(probe, url("reviews"), 5).requests} == {403}, "the policy is in force")
    bookinfo.delete_pod(probe)
    stranger = bookinfo.new_client("c1", settings)
    report, refused = send(client, url("reviews"), 30), send(stranger, url("reviews"), 30)
    bookinfo.delete_pod(stranger)
    show("reviews from c1, by the account in the policy", report)
    show("reviews from c1, by another account", refused)
    assert report.lost == []
    assert {request.status for request in refused.requests} == {403}


@pytest.mark.parametrize(("egress", "reached"), [(["./*", "meshgen-multicluster/*"], True), (["./*"], False)])
def test_a_sidecar_with_restricted_egress_needs_the_multicluster_namespace(
    bookinfo: Lab, policies: list[tuple[str, Object]], show: Show, *, egress: list[str], reached: bool
) -> None:
    spec = {"egress": [{"hosts": egress}], "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    client = bookinfo.new_client("c1", PodSettings(name="narrow", namespace="narrow"))
    _apply(bookinfo, policies, "c1", _policy("Sidecar", "default", "narrow", spec))
    cluster = f"outbound|9080||{host('reviews')}"
    wait_until(lambda: (cluster in client.envoy.clusters()) is reached, "the Sidecar is in force")
    report = send(client, url("reviews"), 20)
    bookinfo.delete_pod(client)
    show(f"reviews from c1, egress {egress}", report)
    assert (report.lost == []) is reached
