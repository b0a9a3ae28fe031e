"""The facts of a consumer that a plan carries beside its objects."""

from __future__ import annotations

from meshgen.analysis.hosts import ServiceName
from meshgen.plan.model import ConsumerFacts, LocalCopy, PlannedPort
from tests.fleets import HAS, LACKS, compiled

WEB = "web.shop.svc.cluster.local"


def test_a_cluster_with_a_copy() -> None:
    assert compiled(HAS).cluster("c1").facts == ConsumerFacts(
        region="eu",
        zones=(),
        network="n1",
        trust_domain="cluster.local",
        role="workload",
        state="active",
        istio=(1, 24),
        dns_capture=True,
        mesh_retries=False,
        copies=(
            LocalCopy(
                service=ServiceName("shop", "web"),
                host=WEB,
                state="active",
                workspace="shop",
                ports=(PlannedPort("http", 80, "HTTP"),),
                selector={"app": "web"},
                service_accounts=("web",),
                injected=None,
                node_local=False,
            ),
        ),
    )


def test_a_cluster_without_a_copy_has_none() -> None:
    assert compiled(LACKS).cluster("c1").facts.copies == ()


def test_who_answers_behind_a_remote_endpoint_is_in_the_plan_of_its_source() -> None:
    (entry,) = compiled(LACKS).cluster("c1").service_entries
    source = compiled(LACKS).cluster(entry.endpoints[0].source).facts
    (copy,) = [copy for copy in source.copies if copy.host == entry.host]
    identities = tuple(
        f"spiffe://{source.trust_domain}/ns/{copy.service.namespace}/sa/{account}"
        for account in copy.service_accounts or ()
    )
    assert identities == entry.subject_alt_names


def test_a_service_that_nobody_exposes_is_no_copy() -> None:
    more = """
kind: Inventory
metadata: {name: c1}
spec:
  namespaces: [{name: shop}, {name: elsewhere}]
  services: [{name: other, namespace: elsewhere, selector: {app: other}, ports: [{name: http, port: 80}]}]
"""
    assert compiled(LACKS, more).cluster("c1").facts.copies == ()


def test_a_copy_that_no_workspace_spans_is_one_that_keeps_the_name() -> None:
    apart = """
kind: Workspace
metadata: {name: shop}
spec: {namespaceSelector: {names: ["c2/shop"]}, eastWestGateway: {name: ew, namespace: shop}}
"""
    (copy,) = compiled(HAS, apart).cluster("c1").facts.copies
    assert (copy.host, copy.workspace) == (WEB, None)
