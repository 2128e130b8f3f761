"""`POST /slack/actions`: Slack's buttons over HTTP, for where Socket Mode is not wanted. Its signature is the credential."""

import json
import time
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.background import BackgroundTask

from blocks.home import Home
from blocks.installation import installation
from blocks.slack.signature import fresh, valid
from deployments.gateway.bodies import body_of
from deployments.slack_answers import Known, react, slack_channels

PATH = "/slack/actions"
LONGEST_BODY = 256 * 1024
REFUSED = {"error": "this is not signed by a Slack app that is applied here, or too old"}


def add_to(app: FastAPI, home: Home) -> None:
    """Add the route. It needs no bearer token: `Guard` lets its path through."""

    async def actions(request: Request) -> Response:
        body = await body_of(request, LONGEST_BODY)
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        trusted = await run_in_threadpool(_trusted, home, body, stamp, signature)
        if not trusted:
            return JSONResponse(REFUSED, 401)
        try:
            payload = json.loads(parse_qs(body.decode())["payload"][0])
        except (ValueError, KeyError, RecursionError):
            return JSONResponse({"error": "no interaction of Slack"}, 400)
        # Slack waits 3 seconds; what is done may take longer, and is told to the member.
        return Response(status_code=200, background=BackgroundTask(react, home, payload, trusted))

    app.add_api_route(PATH, actions, methods=["POST"])


def _trusted(home: Home, body: bytes, stamp: str, signature: str) -> list[Known]:
    """The channels whose Slack app signed this; empty where none did. What is old or unsigned costs no look at the store."""
    if not signature or not fresh(stamp, time.time()):
        return []
    with installation(home) as here:
        known = [one for one in slack_channels(here) if one.channel.signing_secret is not None]
    return [
        one
        for one in known
        if one.channel.signing_secret
        and valid(one.channel.signing_secret.get_secret_value(), body, stamp, signature, time.time())
    ]
