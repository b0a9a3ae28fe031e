"""A stand-in for an API server: objects by list and name, pages, refusals, as Kubernetes answers them."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "of-the-reader"  # noqa: S105 - known to the stand-in only
RESOURCES = {
    ("v1", "ConfigMap"): ("configmaps", True),
    ("v1", "Namespace"): ("namespaces", False),
    ("v1", "Node"): ("nodes", False),
    ("v1", "Pod"): ("pods", True),
    ("v1", "Service"): ("services", True),
    ("v1", "ServiceAccount"): ("serviceaccounts", True),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): ("mutatingwebhookconfigurations", False),
    ("apps/v1", "DaemonSet"): ("daemonsets", True),
    ("apps/v1", "Deployment"): ("deployments", True),
    ("apps/v1", "StatefulSet"): ("statefulsets", True),
    ("autoscaling/v2", "HorizontalPodAutoscaler"): ("horizontalpodautoscalers", True),
    ("gateway.networking.k8s.io/v1", "GRPCRoute"): ("grpcroutes", True),
    ("gateway.networking.k8s.io/v1", "Gateway"): ("gateways", True),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): ("httproutes", True),
    ("gateway.networking.k8s.io/v1alpha2", "TLSRoute"): ("tlsroutes", True),
    ("networking.istio.io/v1", "DestinationRule"): ("destinationrules", True),
    ("networking.istio.io/v1", "Gateway"): ("gateways", True),
    ("networking.istio.io/v1", "ServiceEntry"): ("serviceentries", True),
    ("networking.istio.io/v1", "Sidecar"): ("sidecars", True),
    ("networking.istio.io/v1", "VirtualService"): ("virtualservices", True),
    ("networking.istio.io/v1", "WorkloadEntry"): ("workloadentries", True),
    ("policy/v1", "PodDisruptionBudget"): ("poddisruptionbudgets", True),
    ("security.istio.io/v1", "PeerAuthentication"): ("peerauthentications", True),
}
"""`apiVersion` and kind → plural, and whether it is in namespaces."""
BUILT_IN = {"", "admissionregistration.k8s.io", "apps", "autoscaling", "policy"}

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Standin:
    """What the stand-in has, and what it was asked."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    groups: set[str] = field(default_factory=lambda: {"networking.istio.io", "security.istio.io"})
    """API groups of CRDs that are installed."""
    forbidden: Callable[[str], bool] = lambda _path: False
    """Whether the reader may not get a path."""
    largest_page: int = 1 << 30
    expires: int = 0
    """How many continue tokens are expired, from the first on."""
    delay: float = 0
    raw: dict[str, Answer] = field(default_factory=dict)
    """Answers that are given as they are, by path."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and query of every request."""
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, path: str, query: dict[str, str], token: str | None) -> Answer:
        self.asked.append((path, query))
        time.sleep(self.delay)
        if path in self.raw:
            return self.raw[path]
        if token != f"Bearer {TOKEN}":
            return _status(401, "Unauthorized")
        if self.forbidden(path):
            return _status(403, f'User "reader" cannot get path "{path}"')
        return self._discovery(path) or self._list(path, query) or self._one(path) or _status(404, "not found")

    def _discovery(self, path: str) -> Answer | None:
        steps = path.split("/")[1:]
        if path == "/api/v1":
            steps = ["apis", "", "v1"]
        if steps[0] != "apis" or len(steps) > 3:
            return None
        group = steps[1]
        if group not in self.groups | BUILT_IN:
            return _status(404, "the server could not find the requested resource")
        known = {key: value for key, value in RESOURCES.items() if key[0].rpartition("/")[0] == group}
        versions = sorted({version.rpartition("/")[2] for version, _ in known})
        if len(steps) == 2:
            body = {"versions": [{"version": each} for each in versions], "preferredVersion": {"version": versions[0]}}
            return _ok({"kind": "APIGroup", "name": group} | body)
        resources = [
            {"name": name, "kind": kind, "namespaced": namespaced}
            for (version, kind), (plural, namespaced) in known.items()
            if version == f"{group}/{steps[2]}".removeprefix("/")
            for name in (plural, f"{plural}/status")
        ]
        return _ok({"kind": "APIResourceList", "resources": resources})

    def _list(self, path: str, query: dict[str, str]) -> Answer | None:
        for (version, kind), (plural, _) in RESOURCES.items():
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            if not (path.startswith(f"{root}/") and path.endswith(f"/{plural}")):
                continue
            steps = path.removeprefix(root).split("/")[1:]
            namespace = steps[1] if steps[0] == "namespaces" and len(steps) > 1 else ""
            key, _, value = query.get("labelSelector", "").partition("=")
            found = [
                each
                for each in self.objects
                if _is(each, version, kind, namespace)
                and (not key or each["metadata"].get("labels", {}).get(key) == value)
            ]
            start = int(query.get("continue", "0"))
            if start and self.expires:
                self.expires -= 1
                return _status(410, "The provided continue parameter is too old")
            size = min(int(query.get("limit", str(1 << 30))), self.largest_page if "limit" in query else 1 << 30)
            rest = {"continue": str(start + size)} if start + size < len(found) else {}
            items = [
                {key: value for key, value in each.items() if key not in {"apiVersion", "kind"}}
                for each in found[start : start + size]
            ]
            return _ok({"apiVersion": version, "kind": f"{kind}List", "metadata": rest, "items": items})
        return None

    def _one(self, path: str) -> Answer | None:
        for each in self.objects:
            version, kind = each["apiVersion"], each["kind"]
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            namespace = each["metadata"].get("namespace")
            scope = f"/namespaces/{namespace}" if namespace else ""
            if path == f"{root}{scope}/{RESOURCES[version, kind][0]}/{each['metadata']['name']}":
                return _ok(each)
        return None


def _is(item: dict[str, Any], version: str, kind: str, namespace: str) -> bool:
    if (item["apiVersion"], item["kind"]) != (version, kind):
        return False
    return not namespace or item["metadata"].get("namespace") == namespace


def _ok(body: dict[str, Any]) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _status(code: int, message: str) -> Answer:
    body = {"kind": "Status", "status": "Failure", "message": message, "code": code}
    return code, {"Content-Type": "application/json"}, json.dumps(body).encode()


@contextmanager
def serving(standin: Standin, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves it on this machine; the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            standin.headers.append({name.lower(): value for name, value in self.headers.items()})
            code, headers, body = standin.answer(url.path, query, self.headers.get("Authorization"))
            try:
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the reader did not wait

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # handshakes that are meant to fail

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def kubeconfig(
    path: Path,
    server: str,
    *,
    context: str = "cluster-1",
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
) -> str:
    """Writes a kubeconfig with one context; its path."""
    name = f"of-{context}"
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [{"name": context, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": server} | (cluster or {})}],
        "users": [{"name": name, "user": {"token": TOKEN} if user is None else user}],
    }
    path.write_text(json.dumps(body), encoding="utf-8")
    return str(path)
