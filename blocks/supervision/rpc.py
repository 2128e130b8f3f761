"""supervisord by XML-RPC over its unix socket, each answer within a few seconds."""

import socket
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Error, Fault, ProtocolError, ServerProxy, Transport

from pydantic import SecretStr

from blocks.files import tail
from blocks.supervision.control import (
    BYTES_A_LINE,
    EXITED,
    MAIN_LOG_BYTES,
    STARTING,
    STOPPING,
    ProgramState,
    last_lines,
)
from domain.errors import CommandFailed, Unreachable
from domain.errors.machines import unusable

TIMEOUT_S = 5.0
NO_FILE, ALREADY_STARTED, NOT_RUNNING = 20, 60, 70
"""Of supervisord's fault codes, those that are no trouble: no log yet, runs already, is down already."""

AT_ONCE = False
"""supervisord's argument `wait`: it answers when the act was begun, and we look until it is done."""


class _Connection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Connect, within the time that each read has too."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


class _Transport(Transport):
    """Over one unix socket, with the password that its section may ask for."""

    def __init__(self, path: Path, authorization: str) -> None:
        super().__init__(headers=[("Authorization", authorization)] if authorization else [])
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        """The base class closes what is kept in `_connection`."""
        connection = _Connection(self._path)
        self._connection = (host, connection)
        return connection


class Rpc:
    """Asks the supervisord behind this socket."""

    def __init__(self, path: Path, username: str = "", password: SecretStr | None = None) -> None:
        self.address = f"unix://{path}"
        self._path = path
        secret = password.get_secret_value() if password else ""
        encoded = b64encode(f"{username}:{secret}".encode()).decode()
        self._authorization = f"Basic {encoded}" if username else ""

    def programs(self) -> dict[str, ProgramState]:
        """All programs by name."""
        found = self._ask(lambda server: server.supervisor.getAllProcessInfo())
        states = [_state(info) for info in found]
        return {state.name: state for state in states}

    def start(self, program: str) -> None:
        """Begin to start it."""
        self._do(
            "start", program, ALREADY_STARTED, lambda server: server.supervisor.startProcess(program, AT_ONCE)
        )

    def stop(self, program: str) -> None:
        """Begin to stop it."""
        self._do("stop", program, NOT_RUNNING, lambda server: server.supervisor.stopProcess(program, AT_ONCE))

    def tail(self, program: str, lines: int) -> list[str]:
        """What it printed, then its errors where they have a log of their own."""
        info = self._info(program)
        logs = [("Stdout", info["stdout_logfile"]), ("Stderr", info["stderr_logfile"])]
        read = [line for stream, file in logs if file for line in self._read(program, stream, file, lines)]
        return read[-lines:] if lines > 0 else []

    def main_log(self) -> list[str]:
        """The end of supervisord's own log."""
        try:
            text = self._ask(lambda server: server.supervisor.readLog(-MAIN_LOG_BYTES, 0))
        except (Fault, ExpatError):
            return []
        return str(text).splitlines()

    def _info(self, program: str) -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._ask(lambda server: server.supervisor.getProcessInfo(program))
        except Fault:
            return {"stdout_logfile": "", "stderr_logfile": ""}
        return info

    def _read(self, program: str, stream: str, file: str, lines: int) -> list[str]:
        asked = max(lines, 1) * BYTES_A_LINE
        try:
            text = self._ask(
                lambda server: getattr(server.supervisor, f"readProcess{stream}Log")(program, -asked, 0)
            )
        except Fault:
            return []
        except ExpatError:
            # A log with control characters is no XML, and supervisord sends it all the same.
            return _from_file(Path(file), lines)
        return last_lines(str(text), lines, asked=asked)

    def _do(self, act: str, program: str, harmless: int, call: Callable[[ServerProxy], Any]) -> None:
        try:
            self._ask(call)
        except Fault as fault:
            if fault.faultCode != harmless:
                argv = ["supervisorctl", act, program]
                raise CommandFailed(argv, fault.faultCode, fault.faultString) from fault

    def _ask(self, call: Callable[[ServerProxy], Any]) -> Any:
        """Raises Unreachable, and Fault and ExpatError as they come."""
        transport = _Transport(self._path, self._authorization)
        try:
            with ServerProxy("http://localhost/RPC2", transport=transport) as server:
                return call(server)
        except TimeoutError as error:
            raise self._unreachable(f"no answer within {TIMEOUT_S:g} s") from error
        except OSError as error:
            raise unusable("supervisord", self.address, error) from error
        except ProtocolError as error:
            # Its own text holds the headers, and with them the password.
            raise self._unreachable(f"http {error.errcode} {error.errmsg}") from None
        except Fault:
            raise
        except (HTTPException, Error) as error:
            raise self._unreachable(type(error).__name__) from error

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(what_it_is="supervisord", address=self.address, why=why)


def _state(info: dict[str, Any]) -> ProgramState:
    group, name, state = info["group"], info["name"], info["statename"]
    runs = bool(info["pid"])
    return ProgramState(
        name=name if group == name else f"{group}:{name}",
        state=state,
        pid=info["pid"] if runs else None,
        since=datetime.fromtimestamp(info["start"], UTC) if runs and info["start"] else None,
        said="" if runs and state not in (STARTING, STOPPING) else _why(info),
    )


def _why(info: dict[str, Any]) -> str:
    if info["spawnerr"]:
        return str(info["spawnerr"])
    if info["statename"] != EXITED:
        return ""
    code = info["exitstatus"]
    return f"exit code {code}" if code >= 0 else "ended by a signal"


def _from_file(file: Path, lines: int) -> list[str]:
    try:
        return tail(file, lines)
    except OSError:
        return []
