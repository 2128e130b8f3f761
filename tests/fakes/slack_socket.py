"""A Slack whose buttons can be pressed: Socket Mode over a real WebSocket, windows, and lines that one member sees."""

import json
import threading
from contextlib import suppress
from itertools import count
from queue import Queue
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.http_server import Reply, Seen
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack

APP_TOKEN = "xapp-right"
SECRET = "signed-by-slack"
PATIENCE_S = 20.0


class PressedSlack(FakeSlack):
    """A Slack with an app in Socket Mode.

    Attributes:
        windows: the windows it was asked to open, oldest first.
        whispers: (member, text) of the lines that one member sees.
        taken: the envelopes that were acknowledged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[dict[str, Any]] = []
        self.whispers: list[tuple[str, str]] = []
        self.taken: Queue[str] = Queue()
        self.changed = threading.Condition()
        self._sockets: list[ServerConnection] = []
        self._line: Server = serve(self._connected, "127.0.0.1", 0)
        self._serving = threading.Thread(target=self._line.serve_forever, daemon=True)
        self._envelopes = count(1)

    def __enter__(self) -> Self:
        self._serving.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.shutdown()
        self._serving.join()
        super().__exit__(kind, error, trace)

    def forget(self) -> None:
        """What came before counts no more."""
        with self.changed:
            self.posted.clear()
            self.windows.clear()
            self.whispers.clear()

    def wait(self, met: Any) -> None:
        """Until something that came makes it true."""
        with self.changed:
            assert self.changed.wait_for(met, PATIENCE_S), (self.whispers, self.windows)

    def connected(self) -> None:
        """Until somebody listens."""
        self.wait(lambda: bool(self._sockets))

    def drop(self) -> None:
        """Close the connections, as Slack does now and then."""
        with self.changed:
            dropped, self._sockets = self._sockets, []
        for socket in dropped:
            socket.close()

    def send(self, payload: dict[str, Any]) -> str:
        """Hand an interaction to who listens; the envelope that was acknowledged."""
        envelope = f"envelope-{next(self._envelopes)}"
        body = {
            "type": "interactive",
            "envelope_id": envelope,
            "payload": payload,
            "accepts_response_payload": True,
        }
        self._sockets[-1].send(json.dumps(body))
        return self.taken.get(timeout=PATIENCE_S)

    def _connected(self, socket: ServerConnection) -> None:
        with self.changed:
            self._sockets.append(socket)
            self.changed.notify_all()
        with suppress(ConnectionClosed):
            for said in socket:
                self.taken.put(json.loads(said)["envelope_id"])

    def _answer_as_slack(self, seen: Seen) -> Reply:
        bearer = seen.headers.get("authorization")
        if seen.path == "/api/apps.connections.open":
            port = self._line.socket.getsockname()[1]
            good = {"ok": True, "url": f"ws://127.0.0.1:{port}/link?ticket=1"}
            return Reply(
                body=good if bearer == f"Bearer {APP_TOKEN}" else {"ok": False, "error": "invalid_auth"}
            )
        if seen.path not in ("/api/views.open", "/api/chat.postEphemeral"):
            return super()._answer_as_slack(seen)
        if bearer != f"Bearer {TOKEN}":
            return Reply(body={"ok": False, "error": "invalid_auth"})
        self._keep(seen)
        return Reply(body={"ok": True})

    def _keep(self, seen: Seen) -> None:
        asked = seen.json()
        with self.changed:
            if seen.path == "/api/views.open":
                view = asked["view"]
                self.windows.append(json.loads(view) if isinstance(view, str) else view)
            else:
                self.whispers.append((asked["user"], asked["text"]))
            self.changed.notify_all()


def pressed(choice: str, incident: str, user: str) -> dict[str, Any]:
    """What Slack sends when a member presses a button."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "any name", "team_id": "T0"},
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "channel": {"id": CHANNEL, "name": "incidents"},
        "response_url": "https://hooks.slack.com/actions/T0/1/x",
        "actions": [
            {"type": "button", "block_id": "backout_consent", "action_id": choice, "value": incident}
        ],
    }


def sent(window: dict[str, Any], user: str, **fields: str) -> dict[str, Any]:
    """What Slack sends when a member sends a window with these fields filled in."""
    names = [block["block_id"] for block in window["blocks"] if block["type"] == "input"]
    values = {name: {name: _field(window, name, fields.get(name))} for name in names}
    view = {key: window[key] for key in ("type", "callback_id", "private_metadata", "blocks")}
    return {
        "type": "view_submission", "user": {"id": user, "username": "any name"}, "view": {**view, "state": {"values": values}}
    }  # fmt: skip


def _field(window: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    block = next(block for block in window["blocks"] if block.get("block_id") == name)
    if block["element"]["type"] == "plain_text_input":
        return {"type": "plain_text_input", "value": value}
    chosen = next((option for option in block["element"]["options"] if option["value"] == value), None)
    return {"type": "static_select", "selected_option": chosen}


def over_http(payload: dict[str, Any]) -> bytes:
    """The body of an interaction over HTTP."""
    return urlencode({"payload": json.dumps(payload)}).encode()
