"""A proxy on loopback before the real API server, which can be away, cut an answer short, or answer badly."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx2

from blocks.kubernetes.kubeconfig import Kubeconfig
from blocks.kubernetes.settings import ClusterSettings

ANSWER_S = 60.0
HOP_BY_HOP = frozenset({"connection", "content-length", "content-encoding", "transfer-encoding"})
PASSED_ON = ("Content-Type", "Accept")


@dataclass(frozen=True)
class Asked:
    """One request that came. `at`: by the clock that only goes forward, seconds."""

    method: str
    path: str
    at: float


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of a good answer.

    `cut`: it is done, and its answer is lost in the middle; `drop`: the connection ends before anything is done.
    """

    status: int = 0
    message: str = "made up by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    drop: bool = False


Which = Callable[[Asked], Fault | None]
"""The fault of a request; None: it is passed on."""


class ApiProxy:
    """Passes requests on as the user of `KUBECONFIG`. `which` picks faults; `seen` holds what came. A context."""

    def __init__(self) -> None:
        self.seen: list[Asked] = []
        self.which: Which = lambda _asked: None
        self._upstream, _ = Kubeconfig().client(httpx2.Timeout(ANSWER_S))
        self._lock = threading.Lock()
        self._server = self._listening(0)
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()
        self._upstream.close()

    def kubeconfig(self, token: str = "made-up") -> dict[str, Any]:
        """A kubeconfig's content that leads here."""
        return {
            "clusters": [{"name": "proxy", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "test"}}],
            "current-context": "proxy",
        }

    def settings(self, namespace: str, **more: Any) -> ClusterSettings:
        """What `backout.yaml` says of the cluster behind it."""
        given = {"namespace": namespace, "credentials": self.kubeconfig(), **more}
        return ClusterSettings.model_validate(given)

    def fail(self, *faults: Fault, method: str = "") -> None:
        """These happen to the next requests (of this method), one each."""
        left = list(faults)

        def which(asked: Asked) -> Fault | None:
            return left.pop(0) if left and method in {"", asked.method} else None

        self.which = which

    @contextmanager
    def away(self) -> Iterator[None]:
        """Connections are refused, and those that are open end."""
        self._close()
        try:
            yield
        finally:
            self._server = self._listening(self.port)

    def away_for(self, seconds: float) -> threading.Thread:
        """The same from now on, while the test goes on; join the thread."""
        gone = threading.Event()

        def go() -> None:
            with self.away():
                gone.set()
                time.sleep(seconds)

        thread = threading.Thread(target=go)
        thread.start()
        gone.wait()
        return thread

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one request on, or do what the test asked for."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        asked = Asked(str(handler.command), handler.path, time.monotonic())
        with self._lock:
            self.seen.append(asked)
            fault = self.which(asked)
        if fault is not None and fault.drop:
            _hang_up(handler)
        elif fault is not None and fault.status:
            said = {"kind": "Status", "code": fault.status, "message": fault.message}
            _send(handler, fault.status, fault.headers, json.dumps(said).encode())
        else:
            self._pass_on(handler, body, cut=fault is not None)

    def _pass_on(self, handler: BaseHTTPRequestHandler, body: bytes, *, cut: bool) -> None:
        headers = {name: handler.headers[name] for name in PASSED_ON if name in handler.headers}
        answer = self._upstream.request(str(handler.command), handler.path, content=body, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        _send(handler, answer.status_code, kept, answer.content, cut=cut)
        if cut:
            _hang_up(handler)

    def _listening(self, port: int) -> "_Server":
        server = _Server(port, self)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def _close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, proxy: ApiProxy) -> None:
        self.open: set[socket.socket] = set()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.answer(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - as http.server calls them

            def log_message(self, *_arguments: Any) -> None:
                """Not logged."""

        super().__init__(("127.0.0.1", port), Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request_thread(request, client_address)
        self.open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was hung up on purpose is no news."""

    def hang_up(self) -> None:
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    cut: bool = False,
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2] if cut else body)


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    with suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)


def kubectl(namespace: str, *arguments: str, given: Any = None) -> str:
    """What kubectl prints; `given` is read as its file `-`."""
    argv = ["kubectl", "--namespace", namespace, *arguments]
    text = None if given is None else json.dumps(given)
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
