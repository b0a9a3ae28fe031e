"""Where a PeerAuthentication switches mutual TLS off, as Istio merges the policies of mesh, namespace and workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.hosts import covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meshgen.language.inventory import ObservedPeerAuthentication

_SET = ("DISABLE", "PERMISSIVE", "STRICT")


class Disabling(NamedTuple):
    """A policy that switches mutual TLS off, and the entry of a port that does, None where its mode does."""

    policy: ObservedPeerAuthentication
    port: int | None


def disabling(
    policies: Iterable[ObservedPeerAuthentication],
    root: str,
    namespace: str,
    labels: Mapping[str, str],
    ports: Iterable[int],
) -> Disabling | None:
    """What switches mutual TLS off for one of these ports of a workload, None where it is on for all of them.

    `policies` are those of the cluster, `root` is its root namespace, `ports` are the numbers of the endpoints' ports.

    A workload's policy comes before its namespace's, and that before the mesh's, which is the one of the root namespace
    without selector; one there with a selector counts for nobody. Only a workload's policy has ports. Of several on one
    level the oldest counts: as nobody knows it, the one that switches mutual TLS off.

    Source: ComposePeerAuthentication and GetMutualTLSModeForPort, pilot/pkg/security/authn/policy_applier.go.
    """
    levels: dict[str, list[ObservedPeerAuthentication]] = {"workload": [], "namespace": [], "mesh": []}
    for policy in policies:
        if policy.selector:
            if policy.namespace == namespace != root and covers(policy.selector, labels):
                levels["workload"].append(policy)
        elif policy.namespace == root:
            levels["mesh"].append(policy)
        elif policy.namespace == namespace:
            levels["namespace"].append(policy)
    by_mode = _by_mode(levels.values())
    left = False
    for port in ports:
        for policy in levels["workload"]:
            if port in policy.disabled_ports:
                return Disabling(policy, port)
        left = left or not any(port in policy.enabled_ports for policy in levels["workload"])
    return Disabling(by_mode, None) if by_mode is not None and left else None


def _by_mode(levels: Iterable[list[ObservedPeerAuthentication]]) -> ObservedPeerAuthentication | None:
    """The policy whose mode switches mutual TLS off, on the first level where any has one."""
    for policies in levels:
        modes = [policy for policy in policies if policy.mode in _SET]
        if modes:
            return next((policy for policy in modes if policy.mode == "DISABLE"), None)
    return None
