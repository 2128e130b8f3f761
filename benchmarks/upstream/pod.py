"""What runs in the pods of the benchmark `kubernetes`: answers with `NAME`, and ends at SIGTERM. Only Python's own library."""

import asyncio
import os
import signal

PORT = 8080


async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request of one connection."""
    body = os.environ["NAME"].encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(head.encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve() -> None:
    """Until SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await asyncio.start_server(connected, "0.0.0.0", PORT)  # noqa: S104
    await over.wait()


if __name__ == "__main__":
    asyncio.run(serve())
