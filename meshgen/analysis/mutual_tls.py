"""Where a PeerAuthentication switches mutual TLS off, as Istio merges the policies of mesh, namespace and workload."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meshgen.analysis.hosts import covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meshgen.language.foreign import ObservedPeerAuthentication

_SET = ("DISABLE", "PERMISSIVE", "STRICT")


class Disabling(NamedTuple):
    """A policy that switches mutual TLS off, and the port whose entry does, None where its mode does."""

    policy: ObservedPeerAuthentication
    port: int | None


class PeerAuthentications:
    """The policies of one cluster, `root` its root namespace.

    A workload's policy comes before its namespace's, and that before the mesh's, which is the one of the root namespace
    without selector; one there with a selector counts for nobody. Only a workload's policy has ports. Of several on one
    level the oldest counts: as nobody knows it, the one that switches mutual TLS off.

    Source: ComposePeerAuthentication and GetMutualTLSModeForPort, pilot/pkg/security/authn/policy_applier.go.
    """

    def __init__(self, policies: Iterable[ObservedPeerAuthentication], root: str) -> None:
        self._root = root
        self._of_namespace: dict[str, list[ObservedPeerAuthentication]] = {}
        self._by_label: dict[tuple[str, str, str], list[ObservedPeerAuthentication]] = {}
        self._by_service: dict[tuple[str, str], list[ObservedPeerAuthentication]] = {}
        for policy in policies:
            if not policy.selector:
                self._of_namespace.setdefault(policy.namespace, []).append(policy)
            elif policy.namespace != root:
                self._by_label.setdefault((policy.namespace, *min(policy.selector.items())), []).append(policy)
                for service in {*policy.services, *policy.services_in_part}:
                    self._by_service.setdefault((policy.namespace, service), []).append(policy)

    def disabling(
        self, namespace: str, labels: Mapping[str, str], ports: Iterable[int], service: str = ""
    ) -> Disabling | None:
        """What switches mutual TLS off for one of these ports of a workload, None where it is on for all of them.

        `ports` are the numbers of the endpoints' ports. With `service` the workloads are the pods behind it, and its
        selector is in `labels`: the inventory may know which policies choose them by more labels.
        """
        whole, part = self._workload(namespace, labels, service)
        by_mode = _by_mode([whole, self._of_namespace.get(namespace, []), self._of_namespace.get(self._root, [])])
        left = False
        for port in ports:
            for policy in (*whole, *part):
                if port in policy.disabled_ports or (policy in part and _disables(policy, port)):
                    return Disabling(policy, port if port in policy.disabled_ports else None)
            left = left or not any(port in policy.enabled_ports for policy in whole)
        return Disabling(by_mode, None) if by_mode is not None and left else None

    def _workload(
        self, namespace: str, labels: Mapping[str, str], service: str
    ) -> tuple[list[ObservedPeerAuthentication], list[ObservedPeerAuthentication]]:
        """The policies for all of the workloads, and those for some of them only."""
        whole = {
            id(policy): policy
            for key, value in labels.items()
            for policy in self._by_label.get((namespace, key, value), ())
            if covers(policy.selector or {}, labels)
        }
        part = []
        for policy in self._by_service.get((namespace, service), ()):
            if service in policy.services:
                whole[id(policy)] = policy
            elif id(policy) not in whole:
                part.append(policy)
        return list(whole.values()), part


def _disables(policy: ObservedPeerAuthentication, port: int) -> bool:
    return policy.mode == "DISABLE" and port not in policy.enabled_ports


def _by_mode(levels: Iterable[Sequence[ObservedPeerAuthentication]]) -> ObservedPeerAuthentication | None:
    """The policy whose mode switches mutual TLS off, on the first level where any has one."""
    for policies in levels:
        modes = [policy for policy in policies if policy.mode in _SET]
        if modes:
            return next((policy for policy in modes if policy.mode == "DISABLE"), None)
    return None
