"""Slack's Socket Mode: buttons are answered over a connection that this host opens, so nothing here must be reachable.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from prefect.logging import get_logger

from blocks.channels.slack import SILENT
from blocks.home import Home
from blocks.installation import installation
from deployments.concurrency import in_threads
from deployments.serving import Serving
from deployments.slack_answers import Known, react, slack_channels
from domain.errors import BackoutError

LOOK_S = 10.0
"""Seconds between two looks whether other applications are applied, or a connection could not be made."""


@dataclass(frozen=True)
class App:
    """A Slack app: its token and API. A repr shows neither."""

    token: str
    base_url: str

    def __repr__(self) -> str:
        return "App(...)"


class Connections:
    """One open connection for each Slack app that an applied application names."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.channels: dict[App, list[Known]] = {}
        self._open: dict[App, Any] = {}
        self._said: dict[App, str] = {}

    def bring_in_line(self) -> None:
        """Open what is missing, close what nothing names any more. Raises BackoutError where the store is away."""
        self.channels = _wanted(self.home)
        for app in self._open.keys() - self.channels.keys():
            self._open.pop(app).close()
        for app in self.channels.keys() - self._open.keys():
            self._connect(app)

    def close(self) -> None:
        """Close all."""
        while self._open:
            self._open.popitem()[1].close()

    def _connect(self, app: App) -> None:
        """Failing is told once for each reason; the next look tries again."""
        from slack_sdk.errors import SlackApiError, SlackClientError

        client = _client(app, lambda payload: react(self.home, payload, self.channels.get(app, ())))
        try:
            client.connect()
        except SlackApiError as error:
            self._failed(app, client, str(error.response.get("error", ""))[:80])
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as error:
            self._failed(app, client, type(error).__name__)
        else:
            self._open[app] = client
            self._said.pop(app, None)

    def _failed(self, app: App, client: Any, why: str) -> None:
        client.close()
        if self._said.get(app) != why:
            self._said[app] = why
            named = ", ".join(sorted({known.application for known in self.channels.get(app, ())}))
            get_logger("backout.slack").warning("%s: Slack's buttons do not answer: %s", named, why)


def _client(app: App, act: Any) -> Any:
    """A client that is not connected yet. What comes is taken at once, as Slack wants it within 3 seconds, and done then."""
    from slack_sdk import WebClient
    from slack_sdk.socket_mode import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest
    from slack_sdk.socket_mode.response import SocketModeResponse

    def come(client: Any, request: SocketModeRequest) -> None:
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if request.type == "interactive":
            act(request.payload)

    web = WebClient(base_url=app.base_url, retry_handlers=[], logger=SILENT)
    client = SocketModeClient(app.token, logger=SILENT, web_client=web)
    client.socket_mode_request_listeners.append(come)
    return client


def _wanted(home: Home) -> dict[App, list[Known]]:
    """The channels of each app."""
    found: dict[App, list[Known]] = {}
    with installation(home) as here:
        for known in slack_channels(here):
            if known.channel.app_token is not None:
                app = App(known.channel.app_token.get_secret_value(), known.channel.base_url)
                found.setdefault(app, []).append(known)
    return found


@contextmanager
def connections(home: Home) -> Iterator[Connections]:
    """The connections, closed at the end."""
    made = Connections(home)
    try:
        yield made
    finally:
        made.close()


def listen(home: Home, stop: threading.Event) -> None:
    """Keep the connections until told to stop; waits out a store that is away."""
    with connections(home) as made:
        while True:
            try:
                made.bring_in_line()
            except BackoutError as error:
                get_logger("backout.slack").warning("%s", error.what())
            if stop.wait(LOOK_S):
                return


async def answer_buttons(_serving: Serving) -> None:
    """Answer Slack's buttons until cancelled."""
    await in_threads(1, lambda stop: listen(Home.from_env(), stop))
