"""gRPC without generated code: one service whose messages are the JSON that the HTTP server answers with."""

from __future__ import annotations

import json
import os
import time
from concurrent import futures
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

# The resolver of the C library reads the resolv.conf of the lab, as curl and Python do.
os.environ.setdefault("GRPC_DNS_RESOLVER", "native")

import grpc
import grpc.aio

if TYPE_CHECKING:
    from collections.abc import Callable

    Identify = Callable[[str], dict[str, str]]
    Execute = Callable[[str], None]

_ASK = "/lab.Identity/Ask"
_FAIL = "/lab.Identity/Fail"
_WAIT = "/lab.Identity/Wait"
_LONG = 15.0  # seconds
_OPTIONS = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0)]


class _Calls(grpc.GenericRpcHandler):
    """`Ask` answers who the pod is, `Wait` does so after a while, `Fail` answers UNAVAILABLE; all count the key."""

    def __init__(self, identify: Identify, execute: Execute) -> None:
        self._identify = identify
        self._execute = execute

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        answers = {_ASK: self._ask, _WAIT: self._wait, _FAIL: self._fail}
        answer = answers.get(handler_call_details.method)
        return grpc.unary_unary_rpc_method_handler(answer) if answer else None

    def _ask(self, _: bytes, context: grpc.ServicerContext) -> bytes:
        metadata = self._count(context)
        return json.dumps(self._identify(metadata.get("x-forwarded-client-cert", ""))).encode()

    def _wait(self, message: bytes, context: grpc.ServicerContext) -> bytes:
        time.sleep(_LONG)
        return self._ask(message, context)

    def _fail(self, _: bytes, context: grpc.ServicerContext) -> bytes:
        self._count(context)
        context.abort(grpc.StatusCode.UNAVAILABLE, "as asked")

    def _count(self, context: grpc.ServicerContext) -> dict[str, str]:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self._execute(metadata.get("x-request-key", ""))
        return metadata


def serve(port: int, identify: Identify, execute: Execute) -> grpc.Server:
    """Start to answer: `identify` makes the answer from the caller's certificate header, `execute` counts keys."""
    # Without this a second server on the port would share it silently.
    server = grpc.server(futures.ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((_Calls(identify, execute),))
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    return server


async def call(url: str, key: str) -> tuple[int, str]:
    """Call on a channel of its own, without a deadline; returns 200 and the answer, or 0 and the gRPC status.

    `/503` as path: to be refused; `/slow`: to wait 15 s for an answer.
    """
    parts = urlsplit(url)
    async with grpc.aio.insecure_channel(parts.netloc, options=_OPTIONS) as channel:
        name = {"/503": _FAIL, "/slow": _WAIT}.get(parts.path, _ASK)
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(name)
        try:
            return 200, (await method(b"", metadata=(("x-request-key", key),))).decode()
        except grpc.aio.AioRpcError as error:
            return 0, f"{error.code().name}: {error.details()}"
