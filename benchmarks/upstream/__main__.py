"""`python -m benchmarks.upstream --name blue --port N`, or `--socket PATH`: a folder of its own, since `make bench` runs each file."""

from __future__ import annotations

import argparse
import asyncio


async def serve(name: str, port: int | None, socket: str | None) -> None:
    """Answer on 127.0.0.1, or on a unix socket, until the process is stopped."""
    body = name.encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()

    if socket is None:
        server = await asyncio.start_server(connected, "127.0.0.1", port)
    else:
        server = await asyncio.start_unix_server(connected, socket)
    await server.serve_forever()


def main() -> None:
    """Read name and place from the command line, and serve."""
    parser = argparse.ArgumentParser(description="an upstream that answers with its name")
    parser.add_argument("--name", required=True)
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--port", type=int)
    place.add_argument("--socket")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.name, arguments.port, arguments.socket))


main()
