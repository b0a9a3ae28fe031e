"""A small client of the Kubernetes API: server-side apply with strict validation, nothing clever."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable

Object = dict[str, Any]
MANAGER = "meshgen-lab"


class RefusedError(Exception):
    """The API server refused a request; the message is the server's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True, order=True)
class Event:
    """That an object is `ADDED`, `MODIFIED` or `DELETED`; a later one has a higher version, of whatever kind."""

    version: int
    kind: str
    name: str
    what: str

    @classmethod
    def of(cls, said: Object) -> Event:
        """Raises `RefusedError` where the server does not know any more what happened."""
        body = said["object"]
        if said["type"] == "ERROR":
            raise RefusedError(body["code"], body["message"])
        metadata = body["metadata"]
        return cls(int(metadata["resourceVersion"]), body["kind"], metadata["name"], said["type"])


@dataclass
class Api:
    """The API server at `url`; `token` is one of its token file."""

    url: str
    token: str
    warnings: list[str] = field(default_factory=list)  # what the server warned about, in order
    _resources: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)

    def apply(self, body: Object, *, manager: str = MANAGER, dry_run: bool = False) -> Object:
        """Apply server-side; unknown and duplicate fields are refused."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        query |= {"dryRun": "All"} if dry_run else {}
        return self._patch(f"{self.path(body)}?{urlencode(query)}", "application/apply-patch+yaml", body)

    def patch_status(self, body: Object, status: Object) -> Object:
        return self._patch(f"{self.path(body)}/status", "application/merge-patch+json", {"status": status})

    def patch(self, body: Object, change: Object, *, manager: str = MANAGER) -> Object:
        query = urlencode({"fieldManager": manager})
        return self._patch(f"{self.path(body)}?{query}", "application/merge-patch+json", change)

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Object:
        found: Object = self.request("GET", self.path(reference(api_version, kind, name, namespace)))
        return found

    def items(self, api_version: str, kind: str) -> list[Object]:
        """All objects of a kind, in all namespaces."""
        resource, _ = self._resource(api_version, kind)
        found: list[Object] = self.request("GET", f"{_root(api_version)}/{resource}")["items"]
        return [item | {"apiVersion": api_version, "kind": kind} for item in found]

    def version(self) -> int:
        """The version that the server is at, of all objects."""
        return int(self.request("GET", "/api/v1/namespaces")["metadata"]["resourceVersion"])

    def events_since(self, version: int, api_version: str, kind: str) -> list[Event]:
        """What became of the objects of a kind after a version, in order."""
        resource, _ = self._resource(api_version, kind)
        query = urlencode({"watch": "1", "resourceVersion": version, "timeoutSeconds": 1})
        said = self.request("GET", f"{_root(api_version)}/{resource}?{query}", plain=True)
        return [Event.of(json.loads(line)) for line in said.splitlines()]

    def delete(self, body: Object) -> None:
        """Delete at once; what is not there is fine."""
        try:
            self.request("DELETE", f"{self.path(body)}?gracePeriodSeconds=0")
        except RefusedError as refused:
            if refused.status != 404:  # noqa: PLR2004 - the HTTP status
                raise

    def token_of(self, namespace: str, service_account: str, audience: str) -> str:
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        spec = {"audiences": [audience], "expirationSeconds": 86400}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return str(self.request("POST", path, body)["status"]["token"])

    def wait_until_ready(self, seconds: float) -> None:
        _insist(lambda: self.request("GET", "/readyz", plain=True), time.monotonic() + seconds, OSError, RefusedError)

    def wait_until_served(self, *versions: str, seconds: float = 30) -> None:
        """Wait until API groups of new CustomResourceDefinitions are there; raises `RefusedError`."""
        deadline = time.monotonic() + seconds
        for version in versions:
            _insist(partial(self.request, "GET", _root(version)), deadline, RefusedError)

    def wait_for_kind(self, api_version: str, kind: str, seconds: float = 30) -> None:
        """Wait until a kind of a new CustomResourceDefinition is there; raises `RefusedError`."""
        _insist(lambda: self._resource(api_version, kind), time.monotonic() + seconds, RefusedError)

    def path(self, body: Object) -> str:
        """The path of an object; raises `RefusedError` for a kind that the server does not know."""
        resource, namespaced = self._resource(body["apiVersion"], body["kind"])
        name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "default")
        scope = f"/namespaces/{namespace}" if namespaced else ""
        return f"{_root(body['apiVersion'])}{scope}/{resource}/{name}"

    def request(self, method: str, path: str, body: Object | None = None, *, plain: bool = False) -> Any:
        return self._send(method, path, body, "application/json", plain=plain)

    def _patch(self, path: str, media_type: str, body: Object) -> Object:
        answer: Object = self._send("PATCH", path, body, media_type)
        return answer

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        if (api_version, kind) not in self._resources:
            for found in self.request("GET", _root(api_version))["resources"]:
                if "/" not in found["name"]:
                    self._resources[api_version, found["kind"]] = found["name"], found["namespaced"]
        try:
            return self._resources[api_version, kind]
        except KeyError:
            raise RefusedError(404, f"no kind {kind} in {api_version}") from None

    def _send(self, method: str, path: str, body: Object | None, media_type: str, *, plain: bool = False) -> Any:
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310 - always https
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", media_type)
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, 30, context=_insecure()) as answer:  # noqa: S310
                self.warnings += answer.headers.get_all("Warning") or []
                content = answer.read()
        except urllib.error.HTTPError as error:
            content = error.read()
            try:
                message = json.loads(content)["message"]
            except (ValueError, KeyError, TypeError):
                message = content.decode(errors="replace")
            raise RefusedError(error.code, message) from None
        return content.decode() if plain else json.loads(content)


def reference(api_version: str, kind: str, name: str, namespace: str = "") -> Object:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _insist(step: Callable[[], object], deadline: float, *on: type[Exception]) -> None:
    """Do a step until it is done, again where it raises one of these; raises that from the deadline on."""
    while True:
        try:
            step()
        except on:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@cache
def _insecure() -> ssl.SSLContext:
    # The server signs its own certificate; both ends are on this machine.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
