"""A mail server on loopback: SMTP with STARTTLS, TLS, a login, and answers as a test says."""

import base64
import socketserver
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event, Thread
from types import TracebackType
from typing import Self

USER = "backout"
PASSWORD = "hunter2-mail"
PATIENCE_S = 20.0


class FakeSmtp:
    """Takes mail. `mails`: oldest first; `said`: the verbs of clients.

    `refuse`: verb -> answer in place of the usual one, `{"RCPT": "450 later"}`; `hang`: answers nothing; `login`: wanted.
    `context`: for STARTTLS, or for TLS from the first byte where `at_once`.
    """

    def __init__(
        self, context: ssl.SSLContext | None = None, *, at_once: bool = False, login: bool = False
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.said: list[str] = []
        self.refuse: dict[str, str] = {}
        self.hang = False
        self.login = login
        self.context = context
        self.at_once = at_once
        self.closing = Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

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


class _Handler(socketserver.StreamRequestHandler):
    """One client."""

    owner: FakeSmtp

    def handle(self) -> None:
        try:
            self._talk()
        except OSError:
            return  # the client has gone, or does not like the certificate

    def _talk(self) -> None:
        if self.owner.hang:
            self.owner.closing.wait(PATIENCE_S)
            return
        self.safe, self.known = self.owner.at_once, not self.owner.login
        if self.owner.at_once:
            self._wrap()
        self._say(self.owner.refuse.get("CONNECT", "220 mail.example ESMTP"))
        while line := self.rfile.readline():
            verb = line.decode().split()[0].upper() if line.split() else ""
            self.owner.said.append(verb)
            if verb == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb, line.decode().strip())

    def _answer(self, verb: str, line: str) -> None:
        if verb in self.owner.refuse:
            self._say(self.owner.refuse[verb])
        elif verb == "EHLO":
            offers = [
                "mail.example",
                *(["STARTTLS"] if self.owner.context and not self.safe else []),
                "AUTH PLAIN",
            ]
            self._say("\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"]))
        elif verb == "STARTTLS":
            self._say("220 go on")
            self._wrap()
        elif verb == "AUTH":
            self._log_in(line.rsplit(maxsplit=1)[-1])
        elif verb == "MAIL" and not self.known:
            self._say("530 authentication required")
        elif verb == "DATA":
            self._take()
        else:
            self._say("250 ok")

    def _log_in(self, word: str) -> None:
        self.known = base64.b64decode(word).decode() == f"\0{USER}\0{PASSWORD}"
        self._say("235 welcome" if self.known else f"535 wrong password {PASSWORD}")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.owner.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say("250 taken")

    def _wrap(self) -> None:
        assert self.owner.context is not None
        self.connection = self.owner.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.safe = True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
