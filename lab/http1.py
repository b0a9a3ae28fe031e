"""HTTP/1.1 as clients speak it, with TLS or without: over new connections, or over those that they keep."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import dns.asyncresolver
import dns.exception
import dns.resolver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PART = 1 << 16  # bytes
_NEXT_ADDRESS = 1.0  # seconds that one address of a name has to take a connection
_REPEATABLE = ("GET", "HEAD", "OPTIONS")


class Names:
    """What a client remembers of a name server's answers: each as long as its TTL allows, no longer."""

    def __init__(self) -> None:
        self._resolver = dns.asyncresolver.Resolver()
        self._resolver.cache = dns.resolver.Cache()

    async def addresses(self, name: str) -> list[str]:
        """The IPv4 addresses of a name; raises `OSError` where the name server has none."""
        try:
            answer = await self._resolver.resolve(name, "A", search=False)
        except dns.exception.DNSException as error:
            raise OSError(f"{name}: {type(error).__name__}") from error
        return [record.address for record in answer]


@dataclass
class _Connection:
    address: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def open(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())


class Client:
    """Sends one request again and again, the answers of which it checks to be whole.

    `authority`: the only certificate authority that it trusts; `keep`: whether connections are used again; `address`:
    where it connects to, whatever names say; `remembers`: whether it asks the name server itself and keeps the answers.
    """

    def __init__(
        self,
        url: str,
        method: str,
        *,
        authority: Path | None = None,
        keep: bool = False,
        address: str = "",
        remembers: bool = False,
    ) -> None:
        self._parts = urlsplit(url)
        self._method = method
        self._address = address
        self._tls = ssl.create_default_context(cafile=authority) if self._parts.scheme == "https" else None
        self._names = Names() if remembers else None
        self._keep = keep
        self._kept: list[_Connection] = []

    async def exchange(self, key: str, content: bytearray) -> tuple[int, str]:
        """Send with a key; `content` fills as the answer comes. Returns status and body, raises `OSError`.

        As browsers and curl do, a request that may run twice is sent again where a kept connection turns out dead
        before the answer began.
        """
        addresses = await self._addresses()
        if kept := self._take(addresses):
            try:
                return await self._ask(kept, key, content)
            except (OSError, asyncio.IncompleteReadError):
                if content or self._method not in _REPEATABLE:
                    raise
        return await self._ask(await self._connect(addresses), key, content)

    async def _addresses(self) -> Sequence[str]:
        host = self._parts.hostname or ""
        if self._address:
            return (self._address,)
        return await self._names.addresses(host) if self._names else (host,)

    def _take(self, addresses: Sequence[str]) -> _Connection | None:
        """A kept connection to an address that the name still has; those to others are closed."""
        while self._kept:
            connection = self._kept.pop()
            if connection.open and connection.address in addresses:
                return connection
            connection.writer.close()
        return None

    async def _connect(self, addresses: Sequence[str]) -> _Connection:
        *first, last = addresses
        for address in first:
            try:
                return await asyncio.wait_for(self._open(address), _NEXT_ADDRESS)
            except OSError:
                continue
        return await self._open(last)

    async def _open(self, address: str) -> _Connection:
        default = 443 if self._tls else 80
        name = self._parts.hostname if self._tls else None
        port = self._parts.port or default
        reader, writer = await asyncio.open_connection(address, port, ssl=self._tls, server_hostname=name)
        return _Connection(address, reader, writer)

    async def _ask(self, connection: _Connection, key: str, content: bytearray) -> tuple[int, str]:
        whole = False
        try:
            connection.writer.write(_head(self._parts, self._method, key, keep=self._keep))
            await connection.writer.drain()
            status, body, whole = await _answer(connection.reader, content)
        finally:
            if self._keep and whole:
                self._kept.append(connection)
            else:
                connection.writer.close()
        return status, body.decode(errors="replace")


def _head(parts: SplitResult, method: str, key: str, *, keep: bool) -> bytes:
    lines = [f"{method} {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1"]
    lines += [f"Host: {parts.netloc}", f"x-request-key: {key}", "Content-Length: 0"]
    lines += [] if keep else ["Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader, content: bytearray) -> tuple[int, bytes, bool]:
    """Read one answer; returns its status, its body, and whether another may follow on the connection.

    Raises `ConnectionResetError` where it ends before it is whole.
    """
    header = b""
    while not header:
        content += await _part(reader)
        header, end, _ = bytes(content).partition(b"\r\n\r\n")
        header = header if end else b""
    start = len(header) + 4
    length = re.search(rb"(?i)^content-length: *(\d+)", header, re.MULTILINE)
    closes = re.search(rb"(?i)^connection: *close", header, re.MULTILINE) is not None
    if length:
        while len(content) - start < int(length[1]):
            content += await _part(reader)
    else:
        closes = True
        while part := await reader.read(_PART):
            content += part
    return int(header.split(b" ", 2)[1]), bytes(content[start:]), not closes


async def _part(reader: asyncio.StreamReader) -> bytes:
    if part := await reader.read(_PART):
        return part
    raise ConnectionResetError
