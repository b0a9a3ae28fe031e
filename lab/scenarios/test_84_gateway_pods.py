"""The pods of emitted gateways: as an API server admits them, and the ports that lead to them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from lab.api import RefusedError, reference
from lab.gateway import gateway_deployments
from lab.load import send
from lab.scenarios.drafts import BOOKINFO, url

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show, Stage

NAT = 31443
LISTENER = 8443
DIFFERENT = BOOKINFO.changed()
DIFFERENT.gateway = {"port": 443, "overrides": [{"clusters": {"names": ["c2"]}, "advertised": {"port": NAT}}]}
"""Three numbers lead to c2's gateway: others dial 31443, its Service has 443, its pods listen on 8443."""
ENFORCED = {"pod-security.kubernetes.io/enforce": "restricted"}


def test_a_namespace_that_enforces_restricted_admits_gateways(bookinfo: Lab, show: Show) -> None:
    """What the injector adds on top is not here: it is Istio's."""
    cluster = bookinfo.clusters["c2"]
    cluster.ensure_namespace("restricted", ENFORCED)
    ((deployment, _),) = gateway_deployments(cluster)
    pod = reference("v1", "Pod", "gateway", "restricted")
    template = deployment["spec"]["template"]
    pod["metadata"] |= {key: template["metadata"][key] for key in ("labels", "annotations")}
    pod["spec"] = template["spec"]
    admitted = cluster.api.apply(pod, dry_run=True)
    careless = copy.deepcopy(pod)
    for container in careless["spec"]["containers"]:
        del container["securityContext"]["seccompProfile"]
    with pytest.raises(RefusedError, match="seccompProfile") as refused:
        cluster.api.apply(careless, dry_run=True)
    show("without the seccomp profile", str(refused.value).partition("violates")[2].strip())
    assert admitted["spec"]["containers"][0]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_what_others_dial_is_neither_the_port_of_the_service_nor_the_listener(own_stage: Stage, show: Show) -> None:
    lab = own_stage.boot(DIFFERENT)
    gateway = lab.gateways["c2/bookinfo/eastwest-gateway"]
    for address in gateway.addresses.values():
        address.route({NAT: [(pod.address, LISTENER) for pod in gateway.pods]})
    report = send(lab.new_client("c1"), url("reviews"), 50)
    show(f"reviews of c2 through {NAT}, 443 and {LISTENER}", report)
    assert (report.lost, set(report.by_cluster)) == ([], {"c2"})
