"""A real HTTP server on loopback that answers as a test says: well, badly, late, drop by drop, or not at all."""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 20.0
"""How long a hanging answer hangs if nobody closes the server."""


@dataclass(frozen=True)
class Reply:
    """What is answered. `hang`: never, before the headers. `trickle`: a byte at a time, for ever. `close`: at once."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    trickle: bool = False
    close: bool = False

    def content(self) -> bytes:
        """The body: bytes and text as they are, everything else as JSON."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Seen:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)


Answers = Callable[[Seen], Reply]


class HttpServer:
    """Answers with what `replies` holds for the path, in turn with `answers`; 404 else. Use it as a context."""

    def __init__(self, answers: Answers | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.replies: dict[str, Reply] = {}
        self.seen: list[Seen] = []
        self.connections = 0
        self.closing = Event()
        self._answers = answers
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Base URL without a closing slash."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, seen: Seen) -> Reply:
        """What this request is answered with."""
        self.seen.append(seen)
        if self._answers is not None:
            return self._answers(seen)
        return self.replies.get(seen.path, Reply(404, {"detail": "not found"}))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"owner": self})


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to its self.owner."""

    owner: HttpServer
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S

    def setup(self) -> None:
        self.owner.connections += 1
        super().setup()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client has gone, or does not like the certificate

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.owner.reply(Seen(self.command, self.path, headers, self.rfile.read(length)))
        if reply.hang:
            self.owner.closing.wait(PATIENCE_S)
        if reply.hang or reply.close:
            self.close_connection = True
            return
        self.say(reply)

    def say(self, reply: Reply) -> None:
        content = reply.content()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(1_000_000 if reply.trickle else len(content)))
        self.end_headers()
        self.wfile.write(content)
        while reply.trickle and not self.owner.closing.wait(0.05):
            self.wfile.write(b" ")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *_arguments: Any) -> None:
        """Tests look at `seen`."""
