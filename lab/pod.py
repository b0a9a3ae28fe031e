"""A pod: an object in the API and a network namespace with pilot-agent, Envoy and, for workloads, a server."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.api import Object, reference
from lab.envoy import Envoy
from lab.isolation import WORK
from lab.network import kill

if TYPE_CHECKING:
    from lab.cluster import Cluster

_PROXY_USERS = 1336  # cluster 1's proxies run as 1337, the next cluster's as the next user
_INJECTED = {"security.istio.io/tlsMode": "istio"}  # what Istio's injector labels every pod with


@dataclass(frozen=True)
class Port:
    """A port that the server of a pod listens on."""

    number: int
    protocol: str = "http"  # http, http2, grpc, tcp
    name: str = ""


@dataclass(frozen=True)
class PodSettings:
    """What makes a pod. `proxy`: `sidecar`, `router` (a gateway) or none."""

    name: str
    namespace: str
    service_account: str = "default"
    labels: dict[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    zone: str = ""
    proxy: str = "sidecar"
    env: dict[str, str] = field(default_factory=dict)
    proxy_config: dict[str, Any] = field(default_factory=dict)

    def renamed(self, name: str, **changes: Any) -> PodSettings:
        return replace(self, name=name, **changes)


class Pod:
    """A running pod. `published`: whether its address is in the EndpointSlices; `ready`: and as ready."""

    def __init__(self, cluster: Cluster, settings: PodSettings, *, made: Object | None = None) -> None:
        """`made`: its object, where a controller has made that."""
        self.cluster = cluster
        self.settings = settings
        self._made = made
        self.name = settings.name
        self.labels = _INJECTED | settings.labels if settings.proxy else settings.labels
        self.published = bool(settings.ports)
        self.ready = True
        self.namespace = cluster.network.add_namespace(
            cluster.number, f"{cluster.name}.{settings.namespace}.{settings.name}"
        )
        self.address = self.namespace.address
        self.envoy = Envoy(self.namespace)
        self.directory = WORK / cluster.name / f"{settings.namespace}.{settings.name}"
        self.agent: subprocess.Popen[bytes] | None = None
        self.server: subprocess.Popen[bytes] | None = None
        self._publish()

    @property
    def object(self) -> Object:
        if self._made:
            return self._made
        body = reference("v1", "Pod", self.name, self.settings.namespace)
        body["metadata"]["labels"] = self.labels
        ports: list[Object] = [
            {"containerPort": p.number} | ({"name": p.name} if p.name else {}) for p in self.settings.ports
        ]
        name = "istio-proxy" if self.settings.proxy == "router" else "app"
        containers: list[Object] = [{"name": name, "image": "lab", "ports": ports}]
        if self.settings.proxy == "sidecar":  # as the injector leaves it
            containers.append({"name": "istio-proxy", "image": "lab"})
        body["spec"] = {
            "serviceAccountName": self.settings.service_account,
            "nodeName": self.cluster.node(self.settings.zone),
            "containers": containers,
        }
        return body

    def start(self) -> None:
        """Start server and proxy; does not wait."""
        if self.settings.ports:
            self.start_server()
        if self.settings.proxy == "sidecar":
            self._capture_traffic()
        if self.settings.proxy:
            self.start_proxy()

    def start_server(self) -> None:
        ports = [f"{port.protocol}:{port.number}" for port in self.settings.ports]
        identity = ["--cluster", self.cluster.name, "--pod", self.name]
        command = [sys.executable, "-m", "lab.server", *identity, *ports]
        self.server = self.namespace.start(command, log=self.log("server"))

    def start_proxy(self) -> None:
        self._write_files()
        binary = self.cluster.parts.binary("pilot-agent")
        command = [binary, "proxy", self.settings.proxy, f"--templateFile={self.cluster.parts.bootstrap}"]
        domain = f"--domain={self.settings.namespace}.svc.cluster.local"
        self.agent = self.namespace.start(
            [*command, domain, "--proxyLogLevel=warning", "--log_output_level=default:info"],
            log=self.log("proxy"),
            user=self._user,
            cwd=self.directory,
            env=self._environment(),
        )

    def wait_until_ready(self, deadline: float) -> None:
        """Raises `TimeoutError` with the end of the proxy's log, which goes away with the lab."""
        while not self._ready():
            if time.monotonic() > deadline or (self.agent and self.agent.poll() is not None):
                log = self.log("proxy").read_text(encoding="utf-8", errors="replace") if self.agent else ""
                raise TimeoutError(f"{self.namespace.name} is not ready:\n{log[-2000:]}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        with contextlib.suppress(OSError), self.namespace.entered():
            for port in self.settings.ports:
                socket.create_connection(("127.0.0.1", port.number), 1).close()
            return not self.settings.proxy or self.envoy.ready()
        return False

    @property
    def serves(self) -> bool:
        """Whether its application lives."""
        return self.server is not None and self.server.poll() is None

    def executed(self) -> dict[str, int]:
        """How often the server ran each POST and gRPC call, by its key; asked behind the proxy's back."""
        port = next(port.number for port in self.settings.ports if port.protocol == "http")
        url = f"http://127.0.0.1:{port}/executed"
        with self.namespace.entered(), urllib.request.urlopen(url, timeout=5) as answer:
            counts: dict[str, int] = json.load(answer)
        return counts

    # Faults, from the gentlest to the worst.

    def hang_server(self) -> None:
        """The application takes connections and never answers."""
        if self.server:
            self.server.send_signal(signal.SIGSTOP)

    def stop_server(self) -> None:
        """The application dies; the proxy lives and the endpoint stays published."""
        if self.server:
            self.server.kill()
            self.server.wait()

    def stall(self, seconds: float) -> float:
        """The proxy gets no processor for a while; returns for how long."""
        start = time.monotonic()
        for number, pause in ((signal.SIGSTOP, seconds), (signal.SIGCONT, 0.0)):
            for process in self._proxy():
                os.kill(process, number)
            time.sleep(pause)
        return time.monotonic() - start

    def stop_proxy(self) -> None:
        """The proxy dies; the kernel resets what connects."""
        kill(self._proxy())
        if self.agent:
            self.agent.wait()

    def die(self) -> None:
        """The node goes away: nothing answers any more, nothing is reset, nobody takes the endpoint out."""
        self.namespace.cut()
        self.stop_server()
        self.stop_proxy()

    def terminate(self) -> None:
        """End as the kubelet ends a pod: its proxy answers while it drains, then all is removed."""
        if self.agent:
            self.agent.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.agent.wait(60)
        self.delete()

    def delete(self) -> None:
        """Remove object and processes, as a finished deletion."""
        self.published = False
        self.cluster.api.delete(self.object)
        self.stop_server()
        self.stop_proxy()
        self.namespace.delete()

    def log(self, name: str) -> Path:
        return self.cluster.directory / f"{self.settings.namespace}.{self.name}.{name}.log"

    def _proxy(self) -> list[int]:
        """The processes of the proxy, those that others started first."""
        if self.agent is None or self.agent.poll() is not None:
            return []
        return [*_descendants(self.agent.pid), self.agent.pid]

    @property
    def _user(self) -> int:
        # Every agent takes two inotify instances, of which Linux gives a user 128: enough for one cluster.
        return _PROXY_USERS + self.cluster.number

    def _publish(self) -> None:
        api, namespace = self.cluster.api, self.settings.namespace
        if not self._made:
            api.apply(reference("v1", "ServiceAccount", self.settings.service_account, namespace))
            api.apply(self.object)
        api.patch_status(
            self.object,
            {
                "phase": "Running",
                "podIP": self.address,
                "podIPs": [{"ip": self.address}],
                "hostIP": self.cluster.control.address,
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        )

    def _capture_traffic(self) -> None:
        ports = ["-p", "15001", "-z", "15006", "-u", str(self._user), "-m", "REDIRECT"]
        scope = ["-i", "*", "-b", "*", "-d", "15090,15021,15020"]
        dns = ["--redirect-dns"] if self.cluster.settings.dns_capture else []
        self.namespace.run(self.cluster.parts.binary("pilot-agent"), "istio-iptables", *ports, *scope, *dns)

    def _environment(self) -> dict[str, str]:
        cluster, settings = self.cluster, self.settings
        proxy_config = {
            "binaryPath": cluster.parts.binary("envoy"),
            "discoveryAddress": f"{cluster.istiod_host}:15012",
            "concurrency": 2,
            "terminationDrainDuration": "1s",
            "proxyStatsMatcher": {"inclusionRegexps": [".*fail_verify.*"]},
            **settings.proxy_config,
        }
        capture = str(cluster.settings.dns_capture and settings.proxy == "sidecar").lower()
        return {
            "PATH": os.environ["PATH"],
            "PROXY_CONFIG": json.dumps(proxy_config),
            "JWT_POLICY": "third-party-jwt",
            "PILOT_CERT_PROVIDER": "istiod",
            "CA_ADDR": f"{cluster.istiod_host}:15012",
            "POD_NAME": settings.name,
            "POD_NAMESPACE": settings.namespace,
            "INSTANCE_IP": self.address,
            "HOST_IP": cluster.control.address,
            "SERVICE_ACCOUNT": settings.service_account,
            "TRUST_DOMAIN": cluster.settings.trust_domain,
            "ISTIO_META_CLUSTER_ID": cluster.name,
            "ISTIO_META_NODE_NAME": cluster.node(settings.zone),
            "ISTIO_META_WORKLOAD_NAME": settings.name,
            "ISTIO_META_MESH_ID": cluster.settings.trust_domain,
            "ISTIO_META_DNS_CAPTURE": capture,
            "ISTIO_META_INTERCEPTION_MODE": "REDIRECT",
            **({"ISTIO_META_NETWORK": cluster.settings.network} if cluster.settings.network else {}),
            **settings.env,
        }

    def _write_files(self) -> None:
        token = self.cluster.api.token_of(self.settings.namespace, self.settings.service_account, "istio-ca")
        labels = "\n".join(f'{key}="{value}"' for key, value in sorted(self.labels.items()))
        contents = {
            "var/run/secrets/istio/root-cert.pem": self.cluster.root_certificate.read_text(encoding="ascii"),
            "var/run/secrets/tokens/istio-token": token,
            "etc/istio/pod/labels": labels,
        }
        for name, content in contents.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, self._user, self._user)


def _descendants(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(FileNotFoundError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text(encoding="ascii").split()):
                found += [child, *_descendants(child)]
    return found
