"""What one Envoy knows and did, read from its administration port."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.network import Namespace


_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of a cluster, as `/clusters` shows it."""

    address: str
    healthy: bool
    priority: int
    locality: str
    weight: int
    requests: int
    connections: int
    open_connections: int


@dataclass(frozen=True)
class Envoy:
    """The Envoy of one pod."""

    namespace: Namespace

    def ready(self) -> bool:
        try:
            self._read("http://127.0.0.1:15021/healthz/ready")
        except (OSError, urllib.error.URLError):
            return False
        return True

    def endpoints(self, host: str, port: int, subset: str = "") -> list[Endpoint]:
        """The endpoints for a host and port that this proxy would send to, by priority and address."""
        return self._endpoints(f"outbound|{port}|{subset}|{host}")

    def _endpoints(self, name: str) -> list[Endpoint]:
        clusters = self.admin("clusters?format=json").get("cluster_statuses", [])
        hosts = [h for c in clusters if c["name"] == name for h in c.get("host_statuses", [])]
        return sorted((_endpoint(h) for h in hosts), key=lambda e: (e.priority, e.address))

    def open_connections_to(self, address: str) -> int:
        """How many connections to an address are open, whatever they are for."""
        return sum(e.open_connections for e in self._all_endpoints() if e.address.startswith(f"{address}:"))

    def unhealthy(self) -> set[str]:
        """The endpoints that this proxy does not send to at the moment, whatever they are for."""
        return {e.address for e in self._all_endpoints() if not e.healthy}

    def _all_endpoints(self) -> list[Endpoint]:
        clusters = self.admin("clusters?format=json").get("cluster_statuses", [])
        return [_endpoint(h) for c in clusters for h in c.get("host_statuses", [])]

    def passed_on(self, host: str, port: int) -> dict[str, int]:
        """How many connections a gateway has passed on for a host and port, by endpoint."""
        found = self._endpoints(f"outbound_.{port}_._.{host}")
        return {endpoint.address: endpoint.connections for endpoint in found}

    def keepalive(self, cluster: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """How connections of a cluster are asked whether they live, by TCP and by HTTP/2; empty: not at all.

        None while the proxy does not know the cluster.
        """
        found = self.admin(f"config_dump?resource=dynamic_active_clusters&name_regex={re.escape(cluster)}")
        item = next((c["cluster"] for c in found.get("configs", []) if c["cluster"]["name"] == cluster), None)
        if item is None:
            return None
        options = item.get("typed_extension_protocol_options", {}).get(_HTTP_OPTIONS, {})
        http2 = options.get("explicit_http_config", {}).get("http2_protocol_options", {})
        tcp = item.get("upstream_connection_options", {}).get("tcp_keepalive", {})
        return tcp, http2.get("connection_keepalive", {})

    def clusters(self) -> set[str]:
        return {c["name"] for c in self.admin("clusters?format=json").get("cluster_statuses", [])}

    def filter_chain_names(self) -> set[str]:
        """The server names (SNI) that a gateway accepts."""
        text = json.dumps(self.admin("config_dump?resource=dynamic_listeners"))
        return set(re.findall(r'"(outbound_\.[^"]+)"', text))

    def statistics(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose names match a regular expression."""
        found = self.admin(f"stats?format=json&filter={pattern}")["stats"]
        return {s["name"]: s["value"] for s in found if isinstance(s.get("value"), int)}

    def admin(self, path: str) -> Any:
        return json.loads(self._read(f"http://127.0.0.1:15000/{path}"))

    def _read(self, url: str) -> str:
        with self.namespace.entered(), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return str(answer.read().decode())


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait for a state of the mesh; raises `AssertionError` that says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still not: {what}")
        time.sleep(0.1)


def _statistic(status: dict[str, Any], name: str) -> int:
    return next((int(s.get("value", 0)) for s in status.get("stats", []) if s["name"] == name), 0)


def _endpoint(status: dict[str, Any]) -> Endpoint:
    socket = status["address"].get("socket_address", {})
    health = status.get("health_status", {})
    locality = status.get("locality", {})
    failed = {key: value for key, value in health.items() if key.startswith("failed_") and value}
    return Endpoint(
        address=f"{socket.get('address')}:{socket.get('port_value')}",
        healthy=not failed and health.get("eds_health_status", "HEALTHY") == "HEALTHY",
        priority=status.get("priority", 0),
        locality="/".join(filter(None, (locality.get("region"), locality.get("zone")))),
        weight=status.get("weight", 1),
        requests=_statistic(status, "rq_total"),
        connections=_statistic(status, "cx_total"),
        open_connections=_statistic(status, "cx_active"),
    )
