"""The approval service: a unix socket of `serve`. The kernel says who is at the other end (unix(7), SO_PEERCRED)."""

import asyncio
import json
import pwd
import socket
import struct
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from blocks.home import Home
from blocks.installation import installation, serving
from deployments import answering
from deployments.answering import Given, Said
from deployments.one_time_codes import Code, give_code
from deployments.serving import Serving
from domain import errors
from domain.consent import Answer, Ruling
from domain.errors import BackoutError, NotAllowed, Unreachable

CODE = "code"
"""What is wanted where somebody asks for a one-time code."""

CREDENTIALS = struct.Struct("3i")
LONGEST = 64 * 1024
PATIENCE_S = 30.0


async def serve_answers(serving_now: Serving) -> None:
    """Answer on the socket until cancelled. The socket is for this user (and root) only: mode 0600."""
    listener = _listener(Path(serving_now.socket))
    server = await asyncio.start_unix_server(_talk, sock=listener, limit=LONGEST)
    async with server:
        await server.serve_forever()


def _listener(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    return listener


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, one answer: a line of JSON each. An error goes back as its class and fields."""
    reply: dict[str, Any]
    try:
        wanted = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE_S))
        reply = await asyncio.to_thread(_do, wanted, _peer(writer.get_extra_info("socket")))
    except BackoutError as error:
        reply = {
            "error": type(error).__name__,
            "fields": {one.name: getattr(error, one.name) for one in fields(error)},
        }
    except (ValueError, KeyError, TimeoutError) as error:
        reply = {"error": "", "why": f"not a request: {type(error).__name__}"}
    writer.write(json.dumps(reply).encode() + b"\n")
    await writer.drain()
    writer.close()


def _peer(connection: Any) -> str:
    """The login name of the process at the other end."""
    size = CREDENTIALS.size
    _pid, uid, _gid = CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _do(wanted: dict[str, Any], person: str) -> dict[str, Any]:
    run = str(wanted["run"])
    with installation() as here:
        if wanted["answer"] == CODE:
            given = give_code(here, run, "cli", person)
            return {**asdict(given), "until": given.until.isoformat()}
        rows, instead = int(wanted.get("accepted_rows", 0)), str(wanted.get("instead", ""))
        answer, reason = Answer(wanted["answer"]), str(wanted["reason"])
        said = Said(answer, person, reason, accepted_rows=rows, instead=instead)
        return asdict(answering.deliver(here, run, said))


def ask(run: str, answer: Answer, reason: str, accepted_rows: int = 0, instead: str = "") -> Given | None:
    """Hand an answer to the running `serve`: what became of it; None where no serve runs here.

    Raises:
        NotAllowed, DataLossNotAccepted, UnknownIncident: it refused, with its reason.
        Unreachable: it did not answer.
    """
    wanted: dict[str, str | int] = {
        "run": run,
        "answer": answer,
        "reason": reason,
        "accepted_rows": accepted_rows,
        "instead": instead,
    }
    reply = _asked(wanted)
    return (
        Given(str(reply["application"]), Ruling(reply["stands"]), bool(reply["woken"]))
        if reply is not None
        else None
    )


def ask_code(run: str) -> Code | None:
    """A one-time code from the running `serve`; None where no serve runs here. Raises as `ask` does."""
    reply = _asked({"run": run, "answer": CODE})
    if reply is None:
        return None
    return Code(reply["code"], reply["incident"], reply["person"], datetime.fromisoformat(reply["until"]))


def _asked(wanted: dict[str, str | int]) -> dict[str, Any] | None:
    found = serving(Home.from_env())
    if found is None:
        return None
    try:
        reply = _exchange(found["socket"], wanted)
    except (OSError, ValueError) as error:
        why = str(error) or "no answer"
        raise Unreachable(what_it_is="backout serve", address=found["socket"], why=why) from error
    if "error" in reply:
        raise _refusal(reply, wanted=f"{wanted['answer']} {wanted['run']}")
    return reply


def _refusal(reply: dict[str, Any], wanted: str) -> BackoutError:
    """The error as it was raised at the other end."""
    kind = getattr(errors, reply["error"], None) if reply["error"] in errors.__all__ else None
    if kind is None:
        return NotAllowed(person="you", wanted=wanted, why=str(reply.get("why", reply["error"])))
    error: BackoutError = kind(**reply["fields"])
    return error


def _exchange(path: str, request: dict[str, str | int]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\n")
        with connection.makefile("rb") as answer:
            reply: dict[str, Any] = json.loads(answer.readline())
            return reply
