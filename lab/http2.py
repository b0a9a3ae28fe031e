"""HTTP/2 without TLS, as ports named `http2` or of `appProtocol: kubernetes.io/h2c` speak it."""

from __future__ import annotations

import asyncio
import json
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

    from lab.grpc_calls import Execute, Identify

# Nothing here is encrypted, but every client would make a context of its own, which takes longer than the request.
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_ENDLESS = httpx.Timeout(None)  # the load has the patience


def serve(port: int, identify: Identify, execute: Execute) -> None:
    """Answer until the process ends; `identify` and `execute` as for gRPC, POST counts its key, `/503` answers that."""
    from hypercorn.asyncio import serve as serve_application
    from hypercorn.config import Config

    async def application(scope: Scope, _: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["method"] == "POST":
            execute(headers.get("x-request-key", ""))
        status = HTTPStatus.SERVICE_UNAVAILABLE if scope["path"] == "/503" else HTTPStatus.OK
        content = json.dumps(identify(headers.get("x-forwarded-client-cert", ""))).encode()
        await send({"type": "http.response.start", "status": status, "headers": [], "trailers": False})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    config = Config()
    config.bind = [f"0.0.0.0:{port}"]
    config.loglevel = "warning"
    # Given one, the server leaves signals to the process.
    asyncio.run(serve_application(application, config, shutdown_trigger=asyncio.Event().wait))


async def request(url: str, method: str, key: str, content: bytearray) -> tuple[int, str]:
    """Send on a connection of its own; returns the status and the answer, or 0 and what went wrong.

    `content` gets what came of the answer, its status first, also where the rest of it never comes.
    """
    async with httpx.AsyncClient(http1=False, http2=True, trust_env=False, verify=_TLS, timeout=_ENDLESS) as client:
        try:
            async with client.stream(method, url, headers={"x-request-key": key}) as response:
                content += f"{response.status_code}\n".encode()
                text = (await response.aread()).decode()
        except httpx.HTTPError as error:
            return 0, type(error).__name__
        content += text.encode()
        return response.status_code, text
