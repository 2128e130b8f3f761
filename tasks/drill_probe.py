"""The probe of a drill: requests through the router, as users send them, and what became of each."""

import threading
import time
from types import TracebackType
from typing import Self

import httpx

TIMEOUT_S = 10.0
JOIN_S = 1.0


class Probe:
    """One client on one connection, in a thread of its own, at `rate` requests a second while answers are quick."""

    def __init__(self, url: str, rate: float) -> None:
        self._url, self._interval = url, 1.0 / rate
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drill-probe", daemon=True)
        self.requests = self.errors = self.lost = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop asking. Its last request may hang: where something went wrong the fault is undone first, without waiting."""
        self._stopping.set()
        if error is None:
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        # `SSL_CERT_FILE` counts, as for health; a proxy of the environment does not.
        trusted = httpx.create_ssl_context()
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=trusted) as client:
            while not self._stopping.is_set():
                began = time.monotonic()
                self._ask(client)
                self._stopping.wait(max(0.0, began + self._interval - time.monotonic()))

    def _ask(self, client: httpx.Client) -> None:
        try:
            failed = client.get(self._url).is_server_error
        except httpx.HTTPError:
            self.lost += 1
        else:
            self.errors += failed
        self.requests += 1
