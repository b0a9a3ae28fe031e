"""The same promises on meshes that are set up otherwise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from lab.fleet import CLIENT_NAMESPACE
from lab.load import Load, send
from lab.scenarios.drafts import BOOKINFO, Draft, url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.load import Report
    from lab.scenarios.conftest import Show, Stage


def _without_dns_capture() -> Draft:
    draft = BOOKINFO.changed()
    draft.spec = {"istio": {"version": "1.32", "dnsCapture": False}}
    return draft


def _without_network_names() -> Draft:
    draft = BOOKINFO.changed()
    for cluster in draft.clusters.values():
        cluster["network"] = ""
    return draft


def _check(lab: Lab, show: Show) -> None:
    """Remote-only, local, failed over: every request answered, by the right cluster."""
    steps: list[tuple[str, Report, str]] = []
    client = lab.new_client("c1")
    steps.append(("reviews, remote only", send(client, url("reviews"), 50), "c2"))
    steps.append(("details, local", send(client, url("details"), 50), "c1"))
    with Load(client, url("details")) as load:
        time.sleep(1)
        lab.pod("c1", "bookinfo", "details").stop_server()
        time.sleep(8)
    show("details, local copy killed", load.report)
    steps.append(("details, failed over", send(client, url("details"), 50), "c2"))
    for what, report, _ in steps:
        show(what, report)
    assert load.report.lost == []
    assert [(r.lost, set(r.by_cluster)) for _, r, _ in steps] == [([], {cluster}) for _, _, cluster in steps]


@pytest.mark.quick
def test_clients_without_dns_capture(own_stage: Stage, show: Show) -> None:
    _check(own_stage.boot(_without_dns_capture()), show)


def test_clusters_whose_istio_has_no_network_name(own_stage: Stage, show: Show) -> None:
    _check(own_stage.boot(_without_network_names()), show)


def test_an_istio_that_sends_ready_endpoints_only(own_stage: Stage, show: Show) -> None:
    """Releases before 1.31 sent no endpoints that are not ready."""
    _check(own_stage.boot(BOOKINFO, {"PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS": "false"}), show)


SELECTED = {"team": "shop"}


def test_an_istio_that_looks_at_labelled_namespaces_only(own_stage: Stage, show: Show) -> None:
    """Our own namespace carries the label that the discovery selectors of the mesh ask for."""
    draft = BOOKINFO.changed()
    for name, cluster in draft.clusters.items():
        network = cluster["network"]
        labels = {"istio-system": {"topology.istio.io/network": network}}
        draft.inventories[name] = {
            "istio": {"version": "1.32", "network": network, "discoverySelectors": [{"matchLabels": SELECTED}]},
            "namespaces": [
                {"name": namespace, "labels": SELECTED | labels.get(namespace, {})}
                for namespace in ("bookinfo", "istio-system", CLIENT_NAMESPACE)
            ],
        }
    _check(own_stage.boot(draft), show)


def test_a_mesh_without_automatic_mutual_tls_that_keeps_rules_to_their_namespaces(own_stage: Stage, show: Show) -> None:
    """What the mesh does not do by itself our objects say."""
    draft = BOOKINFO.changed()
    kept = ["."]
    for name, cluster in draft.clusters.items():
        istio = {"version": "1.32", "network": cluster["network"], "enableAutoMtls": False, "ipAutoAllocation": False}
        exports = {"defaultVirtualServiceExportTo": kept, "defaultDestinationRuleExportTo": kept}
        draft.services[name] = [{**item, "injected": True} for item in draft.services[name]]
        draft.inventories[name] = {"istio": istio | exports}
    _check(own_stage.boot(draft), show)


def _with_mesh_wide_retries() -> Draft:
    draft = BOOKINFO.changed()
    draft.workspace = {"failover": {"retries": {"mode": "meshConfig"}}}
    for name, cluster in draft.clusters.items():
        istio = {"version": "1.32", "network": cluster["network"], "retryRemoteLocalities": True}
        draft.inventories[name] = {"istio": istio}
    return draft


def test_retries_by_the_mesh_configuration(own_stage: Stage, show: Show) -> None:
    """No VirtualService: istiod runs with the `defaultHttpRetryPolicy` that meshgen wrote to `_setup`.

    One list of conditions serves all methods there, so it has no 503 (a POST would run again), and a proxy whose
    application is dead answers just that. Such GETs are lost until outlier detection takes the endpoint out: measured.
    A dead proxy refuses connections: only what is on its way at that moment may be lost, since it may have run.
    """
    lab = own_stage.boot(_with_mesh_wide_retries())
    client, details = lab.new_client("c1"), lab.pod("c1", "bookinfo", "details")
    remote = send(client, url("reviews"), 50)
    show("reviews, remote only", remote)
    with Load(client, url("details")) as load:
        time.sleep(1)
        details.stop_server()
        time.sleep(8)
    show("details, application killed behind its proxy (losses measured)", load.report)
    failed_over = send(client, url("details"), 50)
    show("details, failed over", failed_over)
    details.start_server()
    lab.wait_until_ready([details])
    client = lab.new_client("c1")
    with Load(client, url("details")) as refused:
        time.sleep(2)
        before = time.time()
        details.stop_proxy()
        after = time.time()
        time.sleep(8)
    show("details, proxy killed", refused.report)
    assert (remote.lost, set(remote.by_cluster)) == ([], {"c2"})
    assert {request.status for request in load.report.lost} <= {503}
    assert (failed_over.lost, set(failed_over.by_cluster)) == ([], {"c2"})
    on_their_way = refused.report.on_their_way(before, after).requests
    assert [r for r in refused.report.lost if r not in on_their_way] == []
    assert (set(refused.report.by_cluster), set(refused.report.last(3).by_cluster)) == ({"c1", "c2"}, {"c2"})


def test_no_post_runs_twice_by_the_mesh_configuration(own_stage: Stage, show: Show) -> None:
    lab = own_stage.boot(_with_mesh_wide_retries())
    posts = send(lab.new_client("c1"), f"{url('details')}503", 30, method="POST")
    counts = [n for pod in lab.pods.values() if pod.name == "details" for n in pod.executed().values()]
    show("POST answered 503: requests, executions", (posts.sent, sum(counts)))
    assert sum(counts) == posts.sent
