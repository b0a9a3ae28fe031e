"""The Secrets that Gateway resources name: whoever publishes a host brings them, meshgen does not."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from lab.api import reference

if TYPE_CHECKING:
    from lab.ca import WebAuthority
    from lab.cluster import Cluster

_GATEWAY = ("networking.istio.io/v1", "Gateway")


class Credentials:
    """Keeps a Secret for every `credentialName`, with all hosts of the servers that name it.

    Istio reads it in the namespace of the gateway's pods, where Gateway resources of ours are too.
    """

    def __init__(self, authority: WebAuthority) -> None:
        self._authority = authority
        self._installed: dict[tuple[str, str, str], frozenset[str]] = {}

    def install(self, cluster: Cluster) -> None:
        """Make what a cluster's Gateway resources ask for now and did not before."""
        wanted: dict[tuple[str, str, str], frozenset[str]] = {}
        for gateway in cluster.api.items(*_GATEWAY):
            for server in gateway["spec"].get("servers", []):
                if name := server.get("tls", {}).get("credentialName"):
                    place = (cluster.name, gateway["metadata"]["namespace"], name)
                    hosts = frozenset(host.rpartition("/")[2] for host in server["hosts"])
                    wanted[place] = wanted.get(place, frozenset()) | hosts
        for place, hosts in wanted.items():
            if self._installed.get(place) != hosts:
                self._install(cluster, *place[1:], hosts)
                self._installed[place] = hosts

    def _install(self, cluster: Cluster, namespace: str, name: str, hosts: frozenset[str]) -> None:
        certificate, key = self._authority.certify(sorted(hosts))
        body = reference("v1", "Secret", name, namespace)
        body["type"] = "kubernetes.io/tls"
        body["data"] = {"tls.crt": _base64(certificate), "tls.key": _base64(key)}
        cluster.api.apply(body, manager="platform")


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
