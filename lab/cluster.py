"""A cluster: etcd, kube-apiserver and istiod in a network namespace, nodes and namespaces in the API."""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.api import Api, Object, RefusedError, reference
from lab.ca import make_token_key
from lab.isolation import WORK

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from lab.build import Parts
    from lab.network import Namespace, Network

_TOKEN = "lab"  # noqa: S105 - the token of an API server that only this machine reaches


@dataclass(frozen=True)
class ClusterSettings:
    """What a fleet says about one cluster."""

    name: str
    region: str = ""
    zones: tuple[str, ...] = ()
    network: str = ""
    trust_domain: str = "cluster.local"
    dns_capture: bool = True
    istiod_env: dict[str, str] = field(default_factory=dict)
    mesh_config: Object = field(default_factory=dict)


class Cluster:
    """A running control plane. No Kubernetes controllers run: the lab does their work where it needs it."""

    def __init__(self, settings: ClusterSettings, number: int, network: Network, parts: Parts, authority: Path) -> None:
        self.settings = settings
        self.name = settings.name
        self.number = number
        self.network = network
        self.parts = parts
        self.authority = authority
        self.directory = WORK / self.name
        self.directory.mkdir()
        network.add_bridge(number)
        self.control: Namespace = network.add_namespace(number, f"{self.name}.control")
        self.istiod_host = f"istiod.{self.name}.lab"
        network.add_host(self.istiod_host, self.control.address)
        self.api = Api(f"https://{self.control.address}:6443", _TOKEN)
        self.authorization = "AlwaysAllow"  # or RBAC, from the next start of the API server on
        self.etcd: subprocess.Popen[bytes] | None = None
        self.istiod: subprocess.Popen[bytes] | None = None
        self.api_server: subprocess.Popen[bytes] | None = None

    def start_api_server(self) -> None:
        """Start etcd and kube-apiserver; does not wait."""
        if not self.etcd:
            data = ["--data-dir", str(self.directory / "etcd"), "--unsafe-no-fsync"]
            self.etcd = self.control.start(["etcd", *data], log=self.log("etcd"), cwd=self.directory)
            make_token_key(self.directory)
        key = self.directory / "token-key.pem"
        tokens = self.directory / "tokens.csv"
        tokens.write_text(f"{_TOKEN},lab,lab,system:masters\n", encoding="ascii")
        self.api_server = self.control.start(
            [
                self.parts.binary("kube-apiserver"),
                "--etcd-servers=http://127.0.0.1:2379",
                f"--advertise-address={self.control.address}",
                f"--cert-dir={self.directory / 'apiserver'}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--endpoint-reconciler-type=none",
                f"--authorization-mode={self.authorization}",
                "--disable-admission-plugins=ServiceAccount",
                f"--token-auth-file={tokens}",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-signing-key-file={key}",
                f"--service-account-key-file={key}",
                "--api-audiences=https://kubernetes.default.svc,istio-ca",
            ],
            log=self.log("kube-apiserver"),
        )

    def wait_for_api_server(self) -> None:
        self.api.wait_until_ready(60)
        for crd in self.parts.crds():
            self.api.apply(crd)
        for zone in self.settings.zones or ("",):
            self.api.apply(self._node(zone))
        labels = {"topology.istio.io/network": self.settings.network} if self.settings.network else {}
        self.ensure_namespace("istio-system", labels)
        self.api.wait_until_served(*_SERVED)

    def start_istiod(self) -> None:
        """Start istiod with the plugged-in authority; does not wait."""
        kubeconfig = self.write_kubeconfig()
        mesh_config = self.directory / "mesh.yaml"
        mesh_config.write_text(json.dumps(self._mesh_config()), encoding="utf-8")
        networks = self.directory / "networks.yaml"
        networks.write_text("networks: {}\n", encoding="ascii")
        environment = {
            "POD_NAME": "istiod",
            "POD_NAMESPACE": "istio-system",
            "ROOT_CA_DIR": str(self.authority),
            "ISTIOD_CUSTOM_HOST": self.istiod_host,
            "PILOT_CERT_PROVIDER": "istiod",
            "INJECT_ENABLED": "false",
            # Envoy as released by its project lacks these two filters of Istio's own build.
            "PILOT_ENABLE_METADATA_EXCHANGE": "false",
            "PILOT_ENABLE_ALPN_FILTER": "false",
            "PATH": os.environ["PATH"],
        }
        self.istiod = self.control.start(
            [
                self.parts.binary("pilot-discovery"),
                "discovery",
                f"--kubeconfig={kubeconfig}",
                f"--clusterID={self.name}",
                f"--meshConfig={mesh_config}",
                f"--networksConfig={networks}",
                "--log_as_json=false",
            ],
            log=self.log("istiod"),
            cwd=self.directory,
            env=environment | self.settings.istiod_env,
        )

    def write_kubeconfig(self) -> Path:
        """Write a file by which programs reach the API server as the lab does; returns its path."""
        kubeconfig = self.directory / "kubeconfig"
        kubeconfig.write_text(json.dumps(self._kubeconfig()), encoding="utf-8")
        return kubeconfig

    def wait_for_istiod(self, seconds: float = 60) -> None:
        """Wait until istiod serves, then let its webhook judge every object."""
        deadline = time.monotonic() + seconds
        url = f"http://{self.control.address}:8080/ready"
        while True:
            try:
                with urllib.request.urlopen(url, timeout=2):
                    break
            except (OSError, urllib.error.URLError):
                if time.monotonic() > deadline or (self.istiod and self.istiod.poll() is not None):
                    raise TimeoutError(f"istiod of {self.name} is not ready: {self.log('istiod')}") from None
                time.sleep(0.1)
        self.api.apply(self._webhook())
        self._wait_for_webhook(deadline)

    def stop_control_plane(self) -> None:
        """Kill API server and istiod; proxies keep what they know."""
        for process in (self.api_server, self.istiod):
            if process:
                process.kill()
                process.wait()

    def restart_control_plane(self) -> None:
        self.start_api_server()
        self.api.wait_until_ready(60)
        self.start_istiod()
        self.wait_for_istiod()

    def ensure_namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        """Labels, once given, stay where it is asked for without any."""
        body = reference("v1", "Namespace", name)
        self.api.apply(body)
        if labels:
            body["metadata"]["labels"] = labels
            self.api.apply(body, manager="platform")

    def node(self, zone: str = "") -> str:
        zone = zone or next(iter(self.settings.zones), "")
        return f"{self.name}-{zone}" if zone else self.name

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    @property
    def root_certificate(self) -> Path:
        return self.authority / "root-cert.pem"

    def _node(self, zone: str) -> Object:
        body = reference("v1", "Node", self.node(zone))
        names = {"topology.kubernetes.io/region": self.settings.region, "topology.kubernetes.io/zone": zone}
        body["metadata"]["labels"] = {key: value for key, value in names.items() if value}
        return body

    def _mesh_config(self) -> Object:
        capture = {"ISTIO_META_DNS_CAPTURE": "true"} if self.settings.dns_capture else {}
        default = {"discoveryAddress": f"{self.istiod_host}:15012", "proxyMetadata": capture}
        return {
            "trustDomain": self.settings.trust_domain,
            "enablePrometheusMerge": False,
            "defaultProviders": {},
            "defaultConfig": default,
            **self.settings.mesh_config,
        }

    def _kubeconfig(self) -> Object:
        server = {"server": self.api.url, "insecure-skip-tls-verify": True}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": self.name, "cluster": server}],
            "users": [{"name": "lab", "user": {"token": _TOKEN}}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": "lab"}}],
            "current-context": self.name,
        }

    def _webhook(self) -> Object:
        body = reference("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "istio-validator")
        bundle = _base64(self.root_certificate)
        rules = [
            {
                "apiGroups": list(_ISTIO_GROUPS),
                "apiVersions": ["*"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["*"],
            }
        ]
        body["webhooks"] = [
            {
                "name": "validation.istio.io",
                "clientConfig": {"url": f"https://{self.istiod_host}:15017/validate", "caBundle": bundle},
                "rules": rules,
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ]
        return body

    def _wait_for_webhook(self, deadline: float) -> None:
        # An object that only the webhook refuses: the CRD takes any port name, Istio does not.
        bad = reference("networking.istio.io/v1", "Gateway", "webhook-check", "istio-system")
        port = {"number": 80, "name": "http", "protocol": "no-such-protocol"}
        bad["spec"] = {"servers": [{"port": port, "hosts": ["*"]}]}
        while time.monotonic() < deadline:
            try:
                self.api.apply(bad)
            except RefusedError as refused:
                if "validation.istio.io" in str(refused) and "denied the request" in str(refused):
                    return
            else:
                self.api.delete(bad)
            time.sleep(0.1)
        raise TimeoutError(f"the validating webhook of {self.name} does not answer")


_SERVED = ("networking.istio.io/v1", "security.istio.io/v1", "gateway.networking.k8s.io/v1")
_ISTIO_GROUPS = (
    "extensions.istio.io",
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
