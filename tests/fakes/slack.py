"""Slack as a client sees it: `chat.postMessage` and an incoming webhook, over HTTP on loopback."""

from itertools import count
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.http_server import HttpServer, Reply, Seen

TOKEN = "xoxb-right"
CHANNEL = "C0INCIDENTS"
NAME = "#incidents"
WEBHOOK = "/services/T0/B0/hunter2"
LONGEST_HEADER = 150
LONGEST_SECTION = 3000
LONGEST_FIELD = 2000
MOST_FIELDS = 10


class FakeSlack(HttpServer):
    """Takes what Slack takes and refuses what Slack refuses. `posted`: the messages it took, oldest first.

    `updated`: what became of a message, by its `ts`; `gone`: those that somebody deleted.

    `instead`: what it answers in place of that, until it is None again.
    """

    def __init__(self) -> None:
        super().__init__(self._answer_as_slack)
        self.posted: list[dict[str, Any]] = []
        self.updated: dict[str, list[dict[str, Any]]] = {}
        self.gone: set[str] = set()
        self.instead: Reply | None = None
        self._numbers = count(1)

    @property
    def api(self) -> str:
        """What goes into `base_url`."""
        return f"{self.url}/api/"

    @property
    def webhook(self) -> str:
        """What goes into `webhook_url`."""
        return self.url + WEBHOOK

    def _answer_as_slack(self, seen: Seen) -> Reply:
        if self.instead is not None:
            return self.instead
        if seen.path == "/api/auth.test":
            known = seen.headers.get("authorization") == f"Bearer {TOKEN}"
            return Reply(body={"ok": True, "user": "backout"}) if known else _refused("invalid_auth")
        if seen.path == "/api/chat.postMessage":
            return self._post_message(seen)
        if seen.path == "/api/chat.update":
            return self._update(seen)
        return self._take_webhook(seen) if seen.path == WEBHOOK else Reply(404, "no_service")

    def _post_message(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused("invalid_auth")
        message = _form_or_json(seen)
        if message.get("channel") not in (CHANNEL, NAME):
            return _refused("channel_not_found")
        thread = message.get("thread_ts")
        if thread and thread not in {posted["ts"] for posted in self.posted}:
            return _refused("thread_not_found")
        if not _blocks_are_good(message.get("blocks", [])):
            return _refused("invalid_blocks")
        stamp = f"1700000000.{next(self._numbers):06d}"
        self.posted.append({**message, "ts": stamp})
        return Reply(body={"ok": True, "channel": CHANNEL, "ts": stamp, "message": message})

    def _update(self, seen: Seen) -> Reply:
        """Takes the channel's id alone, unlike `chat.postMessage`, which takes its name too."""
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused("invalid_auth")
        message = _form_or_json(seen)
        if message.get("channel") != CHANNEL:
            return _refused("channel_not_found")
        if message.get("ts") not in {posted["ts"] for posted in self.posted} - self.gone:
            return _refused("message_not_found")
        if not _blocks_are_good(message.get("blocks", [])):
            return _refused("invalid_blocks")
        self.updated.setdefault(message["ts"], []).append(message)
        return Reply(body={"ok": True, "channel": CHANNEL, "ts": message["ts"], "text": message.get("text")})

    def _take_webhook(self, seen: Seen) -> Reply:
        message = seen.json()
        if not _blocks_are_good(message.get("blocks", [])):
            return Reply(400, "invalid_blocks")
        self.posted.append(message)
        return Reply(body="ok")


def _refused(error: str) -> Reply:
    return Reply(body={"ok": False, "error": error})


def _form_or_json(seen: Seen) -> dict[str, Any]:
    if seen.headers.get("content-type", "").startswith("application/json"):
        found: dict[str, Any] = seen.json()
        return found
    return {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}


def _blocks_are_good(blocks: list[dict[str, Any]]) -> bool:
    """Block Kit's limits on the blocks that are used here."""
    for block in blocks:
        text = block.get("text", {}).get("text", "")
        if block["type"] == "header" and not (
            block["text"]["type"] == "plain_text" and 0 < len(text) <= LONGEST_HEADER
        ):
            return False
        fields = block.get("fields", [])
        if block["type"] == "section" and not fields and not 0 < len(text) <= LONGEST_SECTION:
            return False
        if len(fields) > MOST_FIELDS or any(len(one["text"]) > LONGEST_FIELD for one in fields):
            return False
    return bool(blocks)
