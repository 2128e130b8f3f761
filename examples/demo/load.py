"""Constant load from keep-alive clients, which counts what a switch costs.

    python -m examples.demo.load --url http://127.0.0.1:8080/ --clients 4 --rate 200 --out load.json

SIGUSR1 begins a new window, SIGTERM ends the run and writes the file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import threading
from pathlib import Path

from examples.demo.keepalive import Client
from examples.demo.tally import Tally


class Load:
    """N clients in a thread of their own, each with one connection, at `rate` requests a second together.

    A client never sends a request twice: what fails is counted. `rate` 0 means as fast as the answers come.
    """

    def __init__(self, url: str, clients: int = 4, rate: float = 200.0, timeout: float = 10.0) -> None:
        self._clients = [Client(url, timeout) for _ in range(clients)]
        self._interval = clients / rate if rate else 0.0
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._stopping = threading.Event()
        self.tally = Tally()

    def start(self) -> Load:
        """Begin; the first window is called `start`."""
        self._thread.start()
        return self

    def mark(self, name: str) -> None:
        """Begin a new window: what is sent from now on is counted under `name` as well."""
        self.tally.mark(name)

    def stop(self) -> Tally:
        """Let each client finish the request it waits for; return the counts."""
        self._stopping.set()
        self._thread.join()
        return self.tally

    def _run(self) -> None:
        asyncio.run(self._run_clients())

    async def _run_clients(self) -> None:
        await asyncio.gather(*(self._run_client(client) for client in self._clients))

    async def _run_client(self, client: Client) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            self.tally.add(await client.request())
            # Late is late: a client that waited does not send faster afterwards.
            await asyncio.sleep(max(0.0, began + self._interval - loop.time()))
        await client.close()


def main() -> None:
    """Run the load until SIGTERM or SIGINT, then write the counts as JSON."""
    parser = argparse.ArgumentParser(description="constant keep-alive load")
    parser.add_argument("--url", required=True)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second, all clients together")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGUSR1}
    # Blocked here, before any thread begins: the load's thread inherits it, and none is lost before sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    load = Load(arguments.url, arguments.clients, arguments.rate).start()
    windows = 0
    while signal.sigwait(signals) == signal.SIGUSR1:
        windows += 1
        load.mark(f"mark {windows}")
    _write(arguments.out, load.stop())


def _write(file: Path, tally: Tally) -> None:
    # Whoever waits for the file must never read half of it.
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.write_text(json.dumps(tally.document(), indent=2))
    half.replace(file)


if __name__ == "__main__":
    main()
