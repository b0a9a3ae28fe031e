"""Reading requests to one API server: one object, all of a kind, what a Service answers through it."""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from meshgen.live.errors import (
    AnswerError,
    CredentialsError,
    ExpiredError,
    ForbiddenError,
    LiveError,
    NotFoundError,
    TLSError,
    UnreachableError,
)
from meshgen.live.plugins import failures_of_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

Object = dict[str, Any]
"""A Kubernetes object as JSON gives it."""

LARGEST_ANSWER = 256 << 20
_PAGE = 500
"""Objects a request, as kubectl asks for them."""
_CHUNK = 1 << 16
_CONNECT = 10.0
_SHORTEST = 0.1
_LATER = frozenset({429, 503})
"""Statuses with which a server that says when (`Retry-After`) wants to be asked again."""
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the Kubernetes API: what a path names, and the kind of its objects."""

    group: str
    """Empty: the core group."""
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """How kubectl calls it, without doubt about the group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of all of them, of those in a namespace, or of one."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{quote(namespace, safe='')}" if namespace else ""
        return f"{root}{scope}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Api:
    """The API server of one cluster, made by `connect`. Everything that it does is GET."""

    def __init__(self, client: Any, context: str, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        self.context = context
        """The context that was chosen; empty for the service account of a pod."""
        self.requests = 0
        """How many requests were sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def server(self) -> str:
        """Its URL."""
        return str(self._client.configuration.host)

    def read(self, path: str, query: Mapping[str, str] | None = None, accept: str = "application/json") -> bytes:
        """The body of `GET path`, a whole one of status 2xx.

        Raises `NotFoundError` (404), `ForbiddenError` (403), `CredentialsError` (401, or no new token),
        `ExpiredError` (410), `UnreachableError`, `TLSError`, and `AnswerError` for every other status and for answers
        beyond `LARGEST_ANSWER`. Where the server says when to try again (429, 503), that is done while there is time.
        """
        shown = path if not query else f"{path}?{urlencode(query)}"
        deadline = time.monotonic() + self._timeout
        while True:
            status, headers, body = self._get(shown, accept, deadline)
            wait = _seconds(headers.get("Retry-After")) if status in _LATER else None
            if wait is None or time.monotonic() + wait > deadline:
                break
            time.sleep(wait)
        if not 200 <= status < 300:  # noqa: PLR2004 - HTTP
            raise _refused(shown, status, body)
        return body

    def json(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """What `GET path` gives, as data. Raises what `read` raises, and `AnswerError` for what is no JSON."""
        body = self.read(path, query)
        try:
            return json.loads(body)
        except ValueError:
            raise AnswerError(path, "it is not JSON") from None

    def items(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "", page: int = _PAGE
    ) -> list[Object]:
        """All objects of a resource, or those of a namespace, each with its `apiVersion` and `kind`, page by page.

        `labels` and `fields` are selectors. A list that expires under way is read once more, in one piece, as by
        client-go's pager (tools/pager, FullListIfExpired). Raises what `json` raises.
        """
        path = resource.path(namespace)
        base = {"labelSelector": labels, "fieldSelector": fields}
        selectors = {name: value for name, value in base.items() if value}
        found: list[Object] = []
        token, whole = "", False
        while True:
            query = selectors if whole else selectors | {"limit": str(page)} | ({"continue": token} if token else {})
            try:
                answer = self.json(path, query)
            except ExpiredError:
                if not token:
                    raise
                found, token, whole = [], "", True
                continue
            items = answer.get("items") if isinstance(answer, dict) else None
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise AnswerError(path, "it is not a list of objects")
            found += [{"apiVersion": resource.api_version, "kind": resource.kind} | item for item in items]
            last, token = token, str((answer.get("metadata") or {}).get("continue") or "")
            if not token:
                return found
            if token == last:
                raise AnswerError(path, "its pages do not end")

    def served(self, group: str) -> dict[str, Resource]:
        """The resources of an API group by their plural, each in the version that the server prefers of those with it.

        Empty where the cluster does not have the group. Raises what `json` raises.
        """
        try:
            known = self.json(f"/apis/{group}")
        except NotFoundError:
            return {}
        preferred = str((known.get("preferredVersion") or {}).get("version"))
        versions = [str(each.get("version")) for each in known.get("versions") or []]
        found: dict[str, Resource] = {}
        for version in sorted(versions, key=lambda each: each != preferred):
            for each in self.json(f"/apis/{group}/{version}").get("resources") or []:
                plural = str(each.get("name"))
                if "/" not in plural:
                    made = Resource(group, version, plural, str(each.get("kind")), each.get("namespaced") is True)
                    found.setdefault(plural, made)
        return found

    def proxied(self, namespace: str, service: str, port: int | str, path: str) -> bytes:
        """What a Service answers to `GET /path`, through the API server. Needs the right to get `services/proxy`.

        Raises what `read` raises: statuses of the Service count as those of the API server.
        """
        where = Resource("", "v1", "services", "Service").path(namespace)
        return self.read(f"{where}/{quote(f'{service}:{port}', safe=':')}/proxy/{path.lstrip('/')}", accept="*/*")

    def _get(self, path: str, accept: str, deadline: float) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one request."""
        from kubernetes.client.exceptions import ApiException
        from urllib3 import disable_warnings
        from urllib3.exceptions import HTTPError, InsecureRequestWarning, SSLError

        # Whoever wrote `insecure-skip-tls-verify` into the kubeconfig knows.
        disable_warnings(InsecureRequestWarning)
        headers = {"Accept": accept, "User-Agent": "meshgen"}
        with failures_of_plugins() as failures:
            self._client.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
        if failures:
            raise CredentialsError(
                f"the credential plugin gives no new token: {failures[0]}", "Log in again, then try once more."
            )
        self.requests += 1
        left = max(deadline - time.monotonic(), _SHORTEST)
        try:
            answer = self._client.call_api(
                "GET", self.server + path, headers, _request_timeout=(min(_CONNECT, left), left)
            ).response
            return answer.status, answer.headers, self._body(answer, path, deadline)
        except ApiException as error:  # of TLS errors only
            raise self._untrusted(str(error.reason)) from None
        except (SSLError, ssl.SSLError) as error:
            raise self._untrusted(str(error)) from None
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from None

    def _body(self, answer: Any, path: str, deadline: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in answer.stream(_CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER:
                answer.close()
                raise AnswerError(path, f"it is larger than {LARGEST_ANSWER >> 20} MiB")
            if time.monotonic() > deadline:
                answer.close()
                raise self._late()
        return b"".join(chunks)

    def _untrusted(self, reason: str) -> TLSError:
        return TLSError(
            f"the TLS connection to the API server {self.server} fails: {_short(reason)}",
            "Check `certificate-authority-data`, `tls-server-name` and the client certificate of the context: "
            "`kubectl config view --minify`.",
        )

    def _late(self) -> UnreachableError:
        return UnreachableError(
            f"the API server {self.server} did not answer within {self._timeout:g} s",
            "Try it with `kubectl get --raw /readyz`, or give it longer with `--timeout`.",
        )

    def _unreachable(self, error: Exception) -> UnreachableError:
        from urllib3.exceptions import NewConnectionError
        from urllib3.exceptions import TimeoutError as Late

        # A connection that is refused at once is a time-out by class only.
        if isinstance(error, Late | TimeoutError) and not isinstance(error, NewConnectionError):
            return self._late()
        return UnreachableError(
            f"the API server {self.server} cannot be reached: {_short(str(error))}",
            "Check the address in the kubeconfig, the network and the proxy (`proxy-url`, HTTPS_PROXY).",
        )


def _refused(path: str, status: int, body: bytes) -> LiveError:
    """What a status other than 2xx means, with the message of the server."""
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = body.decode(errors="replace").strip()
    message = _short(message) or f"HTTP {status}"
    if status == 401:  # noqa: PLR2004 - HTTP
        return CredentialsError(
            f"the API server does not accept the credentials of the context: {message}",
            "Log in again, or choose another user by `--context`.",
        )
    if status == 403:  # noqa: PLR2004 - HTTP
        return ForbiddenError(path, message)
    kind = {404: NotFoundError, 410: ExpiredError}.get(status, AnswerError)
    return kind(path, f"{status}, {message}", status)


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; None where it is absent or a date."""
    return float(text) if text is not None and text.isascii() and text.isdigit() else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"
