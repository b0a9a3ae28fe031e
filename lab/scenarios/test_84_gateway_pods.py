"""The pods of emitted gateways, as an API server admits them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from lab.api import RefusedError, reference
from lab.gateway import gateway_deployments

if TYPE_CHECKING:
    from lab.fleet import Lab
    from lab.scenarios.conftest import Show

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
