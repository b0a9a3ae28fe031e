"""What Tetrate's platforms share: a gateway's deployment, annotations of the hierarchy, Workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshgen.emit.artifact import Schema, Stage
from meshgen.emit.autoscaling import cpu_metrics
from meshgen.emit.emitter import ObjectEmitter
from meshgen.emit.pod_security import RESTRICTED
from meshgen.emit.reasons import Input, Reason
from meshgen.language.cluster import Cluster, Istio
from meshgen.language.fleet import Tetrate
from meshgen.language.gateway import DEFAULT_REPLICAS, NETWORK_VIEW, GatewayOverride, GatewaySettings
from meshgen.language.inventory import ObservedIstio, ObservedNamespace
from meshgen.language.workspace import NamespaceSelector, Workspace

if TYPE_CHECKING:
    from meshgen.emit.emitter import Scope
    from meshgen.emit.reasons import Reasons
    from meshgen.plan.model import Plan, PlannedGateway, PlannedWorkspace


def revision(planned: PlannedGateway) -> dict[str, Any]:
    """The `revision` of an install gateway, where the fleet knows one."""
    return {} if planned.revision is None else {"revision": planned.revision}


def gateway_deployment(planned: PlannedGateway) -> dict[str, Any]:
    """The `kubeSpec` of an install gateway: the network view, and what the fleet sets differently."""
    deployment: dict[str, Any] = {}
    if planned.replicas not in {None, DEFAULT_REPLICAS}:
        deployment["replicaCount"] = planned.replicas
    if planned.autoscaling is not None:
        deployment["hpaSpec"] = {
            "minReplicas": planned.autoscaling.min_replicas,
            "maxReplicas": planned.autoscaling.max_replicas,
            "metrics": cpu_metrics(planned.autoscaling),
        }
    if planned.resources is not None:
        deployment["resources"] = planned.resources
    if planned.restricted:
        deployment["containerSecurityContext"] = RESTRICTED
    if planned.network_view is not None:
        deployment["env"] = [{"name": NETWORK_VIEW, "value": planned.network_view}]
    service = {"annotations": planned.service_annotations} if planned.service_annotations else {}
    return {
        **({"deployment": deployment} if deployment else {}),
        **({"service": service} if service else {}),
    }


def balanced(deployment: dict[str, Any]) -> dict[str, Any]:
    """The `kubeSpec` of an install gateway behind a load balancer."""
    return {**deployment, "service": {"type": "LoadBalancer", **deployment.get("service", {})}}


def proxy_config(planned: PlannedGateway) -> dict[str, Any]:
    """The `proxyConfigOverride` of an install gateway: merged into the proxies' configuration, in YAML."""
    if planned.trusted_proxies is None:
        return {}
    return {"proxyConfigOverride": f"gatewayTopology: {{numTrustedProxies: {planned.trusted_proxies}}}"}


def hierarchy(plan: Plan, workspace_name: str | None = None) -> dict[str, str]:
    """The annotations that place an object in Tetrate's hierarchy (GitOps form)."""
    place = {"tsb.tetrate.io/organization": plan.organization, "tsb.tetrate.io/tenant": plan.tenant}
    return place if workspace_name is None else {**place, "tsb.tetrate.io/workspace": workspace_name}


def managed_gateways(scope: Scope, *roles: str) -> tuple[PlannedGateway, ...]:
    """The gateways of a cluster that meshgen emits, of some roles."""
    return tuple(planned for planned in scope.cluster.gateways if planned.managed and planned.role in roles)


def workspaces(scope: Scope) -> tuple[PlannedWorkspace, ...]:
    """The workspaces, in the management cluster only.

    The same Tetrate object in two clusters would be pushed by both, against each other.
    """
    return scope.plan.workspaces if scope.cluster.cluster == scope.plan.management_cluster else ()


HIERARCHY: Reasons = {
    "metadata annotations tsb.tetrate.io/organization": Reason(
        "where it belongs", (Input(Tetrate, "organization"),), "Tetrate's `tse`"
    ),
    "metadata annotations tsb.tetrate.io/tenant": Reason(
        "where it belongs", (Input(Tetrate, "tenant"),), "Tetrate's `tse`"
    ),
}
INSTALLED: Reasons = {
    "metadata name": Reason("the gateway's name", (Input(GatewaySettings, "name"),)),
    "metadata namespace": Reason("the gateway's namespace", (Input(GatewaySettings, "namespace"),)),
    "spec revision": Reason(
        "the revision that runs the gateways",
        (Input(Cluster, "istio.revision", "here"), Input(Istio, "revision"), Input(ObservedIstio, "revision", "here")),
    ),
    "spec kubeSpec deployment replicaCount": Reason(
        "number of pods", (Input(GatewayOverride, "replicas"), Input(GatewaySettings, "replicas"))
    ),
    "spec kubeSpec deployment hpaSpec": Reason(
        "the autoscaler of its pods", (Input(GatewayOverride, "autoscaling"), Input(GatewaySettings, "autoscaling"))
    ),
    "spec kubeSpec deployment resources": Reason(
        "what its container asks for and may use",
        (Input(GatewayOverride, "resources"), Input(GatewaySettings, "resources")),
    ),
    "spec kubeSpec deployment containerSecurityContext": Reason(
        "its namespace enforces the Pod Security Standard `restricted`", (Input(ObservedNamespace, "labels", "here"),)
    ),
    "spec proxyConfigOverride": Reason(
        "how many proxies before it tell the client's address truly", (Input(GatewaySettings, "num_trusted_proxies"),)
    ),
    "spec kubeSpec deployment env": Reason(
        "the network view keeps remote endpoints out: without it requests go in circles (MG303)",
        (Input(Cluster, "network", "here"), Input(ObservedIstio, "network", "here")),
    ),
    "spec kubeSpec service annotations": Reason(
        "for the load balancer",
        (Input(GatewayOverride, "service_annotations"), Input(GatewaySettings, "service_annotations")),
    ),
}
"""Why a gateway that Tetrate's operator installs is as it is."""
_WORKSPACE: Reasons = {
    **HIERARCHY,
    "metadata name": Reason("the workspace's name", (Input(Workspace, "name"),)),
    "metadata namespace": Reason(
        "of its gateway", (Input(GatewaySettings, "namespace"),), "the multicluster namespace (design §4)"
    ),
    "spec namespaceSelector": Reason(
        "the namespaces that it spans; clusters by name, since Tetrate takes one or all",
        (Input(NamespaceSelector, "names"),),
    ),
}

WORKSPACE: ObjectEmitter[PlannedWorkspace] = ObjectEmitter(
    Schema("tsb.tetrate.io/v2", "Workspace"),
    Stage.EXPOSURE,
    items=workspaces,
    name=lambda planned: planned.name,
    namespace=lambda _scope, planned: planned.namespace,
    annotations=lambda scope, _planned: hierarchy(scope.plan),
    fields=lambda _scope, planned: {"spec": {"namespaceSelector": {"names": list(planned.patterns)}}},
    own_reasons=_WORKSPACE,
)
