"""A relay that passes everything on after a while: a slow way to a gateway."""

from __future__ import annotations

import asyncio
import threading


class Relay:
    """Listens on an address of this network namespace and holds back what callers send by some seconds.

    `port` is where it listens. `close` ends it and its connections.
    """

    def __init__(self, address: str, backend: tuple[str, int], seconds: float) -> None:
        self._backend = backend
        self._seconds = seconds
        self._loop = asyncio.new_event_loop()
        server = asyncio.start_server(self._serve, address, 0)
        self._server = self._loop.run_until_complete(server)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)  # connections that were aborted are closed by then

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            to_reader, to_writer = await asyncio.open_connection(*self._backend)
            ends.append(to_writer)
            await asyncio.gather(_pass(reader, to_writer, self._seconds), _pass(to_reader, writer, 0))
        except OSError:
            pass  # one side has gone: so does the other
        finally:
            for end in ends:
                end.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    while data := await reader.read(65536):
        await asyncio.sleep(seconds)
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
