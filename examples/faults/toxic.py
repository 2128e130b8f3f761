"""A TCP proxy that harms what passes: resets, delays, swallows."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

LATE_SECONDS = 3.0
_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST (socket(7))."""


class Toxin(StrEnum):
    """What is done to a connection."""

    RESET = "reset"
    LATE = "late"
    SILENT = "silent"


class Toxic:
    """A proxy on a free port of 127.0.0.1 in front of `upstream` (`HOST:PORT`), in a thread of its own."""

    def __init__(self, upstream: str, toxin: Toxin) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = host, int(port)
        self._toxin = toxin
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="toxic", daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        served = asyncio.start_server(self._serve, sock=self._listening)
        asyncio.run_coroutine_threadsafe(served, self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listening.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._toxin is Toxin.RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif self._toxin is Toxin.SILENT:
            while await reader.read(_CHUNK):
                pass
        else:
            await self._pass_on(reader, writer)
        writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, questions = await asyncio.open_connection(*self._upstream)
        except OSError:
            return
        await asyncio.gather(_copy(reader, questions, 0.0), _copy(answers, writer, LATE_SECONDS))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late_s: float) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            await asyncio.sleep(late_s)
            writer.write(chunk)
            await writer.drain()
    writer.close()
