"""What a proxy knows, read from a config dump: Envoy's own, or what istiod says that it sends it.

`istioctl proxy-config all POD -o json` gives Envoy's (its `config_dump?include_eds`), in snake case; istiod's
`/debug/config_dump?proxyID=POD.NAMESPACE&include_eds` has the same messages in camel case, without the bootstrap.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HostPort = tuple[str, int]
_OUTBOUND = re.compile(r"outbound(?:\|(?P<port>[0-9]+)\|\|(?P<host>.+)|_\.(?P<sni_port>[0-9]+)_\._\.(?P<sni_host>.+))")
_HEALTHY = frozenset({"HEALTHY", "UNKNOWN", "DEGRADED"})
_CAMEL = re.compile(r"_([a-z])")


class DumpError(ValueError):
    """No config dump with endpoints; the text says why, lower case."""


class KnownEndpoint(NamedTuple):
    """An endpoint that a proxy knows."""

    address: str
    port: int
    priority: int
    weight: int
    healthy: bool
    workload: str
    """Name of what istiod made it of: a pod, a WorkloadEntry; empty: unknown."""

    @property
    def shown(self) -> str:
        return f"{f'[{self.address}]' if ':' in self.address else self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class KnownToProxy:
    """What one proxy knows."""

    name: str
    """`pod.namespace`; empty: the dump does not say."""
    role: Literal["sidecar", "gateway"]
    network: str | None
    """None: the dump does not say."""
    labels: dict[str, str] = field(default_factory=dict)
    endpoints: dict[HostPort, tuple[KnownEndpoint, ...]] = field(default_factory=dict)
    """Those that it sends to itself, by host and port."""
    passed_on: dict[HostPort, tuple[KnownEndpoint, ...]] = field(default_factory=dict)
    """Those that a gateway passes connections on to, by what the server name says."""
    server_names: frozenset[str] = frozenset()
    """Those that its listeners take."""
    routes: dict[HostPort, tuple[dict[str, int], ...]] = field(default_factory=dict)
    """By host and port: each route's hosts with their weights."""

    @property
    def namespace(self) -> str:
        """Empty: unknown."""
        return self.name.rpartition(".")[2]


def read_dump(text: str | bytes) -> KnownToProxy:
    """What the proxy of a config dump knows. Raises `DumpError`."""
    try:
        dump = json.loads(text)
    except ValueError as error:
        raise DumpError(f"it is not JSON: {error}") from None
    if not isinstance(dump, dict) or not isinstance(dump.get("configs"), list):
        raise DumpError("it is no config dump: there is no list `configs`")
    parts = {str(part.get("@type", "")).rpartition(".")[2]: part for part in dump["configs"] if isinstance(part, dict)}
    if "EndpointsConfigDump" not in parts:
        raise DumpError("it has no endpoints")
    try:
        return _read(parts)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DumpError(f"it is no config dump of Envoy's: {type(error).__name__}: {error}") from None


def _read(parts: dict[str, Any]) -> KnownToProxy:
    node = _get(_get(parts.get("BootstrapConfigDump", {}), "bootstrap", {}), "node", {})
    kind, _, rest = str(node.get("id", "")).partition("~")
    metadata = node.get("metadata") or {}
    endpoints: dict[HostPort, tuple[KnownEndpoint, ...]] = {}
    passed_on: dict[HostPort, tuple[KnownEndpoint, ...]] = {}
    for name, assignment in _assignments(parts["EndpointsConfigDump"]):
        match = _OUTBOUND.fullmatch(name)
        if match is None:
            continue
        found = tuple(_endpoints(assignment))
        if match["host"] is not None:
            endpoints[match["host"], int(match["port"])] = found
        else:
            passed_on[match["sni_host"], int(match["sni_port"])] = found
    return KnownToProxy(
        name=rest.split("~")[1] if rest.count("~") else "",
        role="gateway" if kind == "router" or (not kind and passed_on) else "sidecar",
        network=str(metadata.get("NETWORK", "")) if metadata else None,
        labels={str(key): str(value) for key, value in (metadata.get("LABELS") or {}).items()},
        endpoints=endpoints,
        passed_on=passed_on,
        server_names=frozenset(_server_names(parts.get("ListenersConfigDump", {}))),
        routes=dict(_routes(parts.get("RoutesConfigDump", {}))),
    )


def _assignments(part: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each cluster of Envoy, and what is assigned to it."""
    for which in ("static_endpoint_configs", "dynamic_endpoint_configs"):
        for item in _get(part, which, []):
            assignment = _get(item, "endpoint_config", {})
            yield str(_get(assignment, "cluster_name", "")), assignment


def _endpoints(assignment: dict[str, Any]) -> Iterator[KnownEndpoint]:
    for group in _get(assignment, "endpoints", []):
        priority = int(_get(group, "priority", 0))
        for item in _get(group, "lb_endpoints", []):
            socket = _get(_get(_get(item, "endpoint", {}), "address", {}), "socket_address", None)
            if socket is None:
                continue
            metadata = _get(_get(item, "metadata", {}), "filter_metadata", {})
            workload = str((metadata.get("istio") or {}).get("workload", ""))
            yield KnownEndpoint(
                str(socket["address"]),
                int(_get(socket, "port_value", 0)),
                priority,
                int(_get(item, "load_balancing_weight", 1)),
                str(_get(item, "health_status", "HEALTHY")) in _HEALTHY,
                workload.partition(";")[0],
            )


def _server_names(part: dict[str, Any]) -> Iterator[str]:
    for item in _get(part, "dynamic_listeners", []):
        listener = _get(_get(item, "active_state", {}), "listener", {})
        for chain in _get(listener, "filter_chains", []):
            yield from map(str, _get(_get(chain, "filter_chain_match", {}), "server_names", []))


def _routes(part: dict[str, Any]) -> Iterator[tuple[HostPort, tuple[dict[str, int], ...]]]:
    for item in _get(part, "dynamic_route_configs", []):
        config = _get(item, "route_config", {})
        for virtual_host in _get(config, "virtual_hosts", []):
            host, _, port = str(virtual_host.get("name", "")).rpartition(":")
            if port.isdigit():
                yield (host, int(port)), tuple(filter(None, map(_goals, _get(virtual_host, "routes", []))))


def _goals(route: dict[str, Any]) -> dict[str, int]:
    """The hosts that a route leads to, with their weights; empty where it leads to none."""
    action = route.get("route") or {}
    weighted = _get(_get(action, "weighted_clusters", {}), "clusters", [])
    goals = [(str(each["name"]), int(each.get("weight", 0))) for each in weighted] or [(str(action.get("cluster")), 1)]
    found: dict[str, int] = {}
    for name, weight in goals:
        match = _OUTBOUND.fullmatch(name)
        if match is not None and match["host"] is not None:
            found[match["host"]] = found.get(match["host"], 0) + weight
    return found


def _get(message: dict[str, Any], name: str, default: Any) -> Any:
    """A field of a message by its name in snake case, in either case."""
    found = message.get(name)
    if found is None:
        found = message.get(_CAMEL.sub(lambda match: match[1].upper(), name))
    return default if found is None else found
