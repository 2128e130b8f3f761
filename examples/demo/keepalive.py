"""A keep-alive HTTP/1.1 client that hides nothing: one connection, no retry, each loss with its reason."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What became of one request: a status, or the reason why it was lost on the way."""

    status: int | None
    lost: str | None = None


@dataclass(frozen=True)
class _Head:
    status: int
    headers: dict[str, str]

    @property
    def made_by_proxy(self) -> bool:
        """Caddy names itself as the server only where it made the answer, and in `Via` where it passed one on."""
        return self.headers.get("server") == "Caddy" and "via" not in self.headers


class Client:
    """Sends `GET url` over one connection, opened when there is none, kept while the server keeps it."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"the load's URL must be http://HOST[:PORT]/PATH, not {url!r}")
        self._host, self._port = parts.hostname, parts.port or 80
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        self._timeout = timeout
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self) -> Answer:
        """One request, sent once; never raises for what the network or the server does."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._exchange()
        except ConnectionRefusedError:
            answer = Answer(None, "refused")
        except TimeoutError:
            answer = Answer(None, "timeout")
        except (OSError, asyncio.IncompleteReadError):
            answer = Answer(None, "reset")
        except (ValueError, IndexError, asyncio.LimitOverrunError):
            answer = Answer(None, "malformed")
        if answer.status is None:
            await self.close()
        return answer

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is None:
            return
        _, writer = self._connection
        self._connection = None
        writer.close()
        with contextlib.suppress(OSError):  # it was reset: that has been counted where it was met
            await writer.wait_closed()

    async def _exchange(self) -> Answer:
        reader, writer = await self._connect()
        writer.write(self._request)
        head = await _read_head(reader)
        await _read_body(reader, head.headers)
        if head.headers.get("connection") == "close":
            await self.close()
        if head.status in (502, 503, 504) and head.made_by_proxy:
            return Answer(head.status, f"proxy_{head.status}")
        return Answer(head.status)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        # One turn of the loop lets a close that has arrived be seen, as any client's pool looks before it sends.
        await asyncio.sleep(0)
        if self._connection is not None and self._connection[0].at_eof():
            await self.close()
        if self._connection is None:
            self._connection = await asyncio.open_connection(self._host, self._port)
        return self._connection


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:] if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    return _Head(int(lines[0].split()[1]), headers)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(headers.get("content-length", "0")))
