"""The way through a gateway is mutual TLS from sidecar to sidecar: a PeerAuthentication must not switch it off.

Source: pilot/pkg/xds/endpoints/mtls_checker.go for the client's side, endpoint_builder.go for the gateway's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshgen.analysis.facts import multicluster_namespace
from meshgen.analysis.hosts import covers
from meshgen.check.consumers import imports
from meshgen.check.origins import exposure_at
from meshgen.check.places import notes
from meshgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meshgen.analysis.relations import Relations
    from meshgen.diagnostics import Span
    from meshgen.language.inventory import ObservedPeerAuthentication, ObservedService

_SET = ("DISABLE", "PERMISSIVE", "STRICT")


def check(relations: Relations) -> Iterator[Diagnostic]:
    """Find policies that disable mutual TLS for exposed pods or for entries, one finding a policy and cluster."""
    seen: set[int] = set()
    shared = multicluster_namespace(relations.fleet)
    for cluster, host, namespace, labels, service, place in _workloads(relations, shared):
        policy = _disabling(relations, cluster, namespace, labels, service)
        if policy is None or id(policy) in seen:
            continue
        seen.add(id(policy))
        yield Diagnostic(
            code="MG374",
            severity="error",
            message=f"PeerAuthentication `{policy.name}` of namespace `{policy.namespace}` in cluster `{cluster}` "
            f"switches mutual TLS off, without which `{host}` is not reached through a gateway",
            span=policy.span("mode") if policy.mode == "DISABLE" else policy.span("disabledPorts"),
            help="Use PERMISSIVE, or limit the policy to other workloads.",
            notes=notes((place, "exposed here")),
            object=f"{cluster}/{policy.namespace}/{policy.name}",
        )


Workload = tuple[str, str, str, "Mapping[str, str]", "ObservedService | None", "Span | None"]


def _workloads(relations: Relations, shared: str) -> Iterator[Workload]:
    """Pods of exposed Services with their Service's selector, and entries with their labels."""
    for exposure in relations.exposures:
        service = exposure.service
        yield exposure.cluster, exposure.host, service.namespace, service.selector, service, exposure_at(exposure)
    for link in imports(relations):
        place = exposure_at(link.sources[0])
        if link.local is not None:
            yield link.cluster, link.host, link.service.namespace, link.local.selector, None, place
        else:
            stub = not relations.facts[link.cluster].dns_capture
            yield link.cluster, link.host, link.service.namespace if stub else shared, {}, None, place


def _disabling(
    relations: Relations, cluster: str, namespace: str, labels: Mapping[str, str], service: ObservedService | None
) -> ObservedPeerAuthentication | None:
    """The policy that disables mutual TLS there: one for the workload beats the namespace's."""
    inventory = relations.inventory(cluster)
    policies = [
        policy for policy in (inventory.peer_authentications if inventory else []) if policy.namespace == namespace
    ]
    for policy in policies:
        matches = not policy.selector or covers(policy.selector, labels)
        numbers = {port.target_port or port.port for port in service.ports} if service is not None else set()
        if matches and numbers & set(policy.disabled_ports):
            return policy
    for specific in (True, False):
        modes = [
            policy
            for policy in policies
            if bool(policy.selector) is specific and covers(policy.selector or {}, labels) and policy.mode in _SET
        ]
        if modes:
            return next((policy for policy in modes if policy.mode == "DISABLE"), None)
    return None
