"""Names: host patterns, short and fully qualified names of Services, selectors against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meshgen.language.base import ClusterSelector
    from meshgen.language.cluster import Cluster


class ServiceName(NamedTuple):
    """A Service's namespace and name."""

    namespace: str
    name: str

    def host(self, cluster_domain: str) -> str:
        """Its fully qualified name."""
        return f"{self.name}.{self.namespace}.svc.{cluster_domain}"


def parse_host(host: str, cluster_domain: str) -> ServiceName | None:
    """`<name>.<namespace>.svc.<cluster domain>` → its parts, None for any other name."""
    name, dot, rest = host.partition(".")
    namespace, svc, domain = rest.partition(".svc.")
    if not (dot and svc and name and namespace) or "." in namespace or domain != cluster_domain:
        return None
    return ServiceName(namespace, name)


def qualify(host: str, namespace: str, cluster_domain: str) -> str:
    """A host as Istio reads it in an object of `namespace`: a name without dots is a Service there.

    Source: pkg/config/host and `ResolveShortnameToFQDN` of Istio; names with a dot are taken as they are.
    """
    if host.startswith("*") or "." in host:
        return host
    return f"{host}.{namespace}.svc.{cluster_domain}"


def host_matches(pattern: str, host: str) -> bool:
    """Whether an Istio host, fully qualified or with a leading wildcard, covers `host`."""
    return host.endswith(pattern[1:]) if pattern.startswith("*") else pattern == host


def name_matches(pattern: str, name: str) -> bool:
    """Whether a pattern of the fleet (`*` alone or at the end) covers `name`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == name


def service_matches(pattern: ServiceName, name: ServiceName) -> bool:
    """Whether a pattern for the name and one for the namespace both cover a Service."""
    return name_matches(pattern.name, name.name) and name_matches(pattern.namespace, name.namespace)


def namespace_matches(pattern: str, cluster: str, namespace: str) -> bool:
    """Whether a pattern of a workspace, `<cluster>/<namespace>`, covers a namespace of a cluster."""
    cluster_pattern, _, namespace_pattern = pattern.rpartition("/")
    return name_matches(cluster_pattern, cluster) and name_matches(namespace_pattern, namespace)


def selects(selector: ClusterSelector | None, cluster: Cluster) -> bool:
    """Whether a cluster selector chooses `cluster`; an absent one chooses all."""
    if selector is None:
        return True
    if selector.names is not None and not any(name_matches(p, cluster.name) for p in selector.names):
        return False
    return selector.labels is None or covers(selector.labels, cluster.labels)


def covers(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether `labels` satisfy `selector`."""
    return all(labels.get(key) == value for key, value in selector.items())
