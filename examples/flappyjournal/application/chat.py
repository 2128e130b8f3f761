"""The chat: what a person says goes to the consciousness-backend, by WebSocket or by request."""

from __future__ import annotations

import os
from typing import Any

import httpx
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from .accounts import user_of
from .forms import texts

BACKEND = os.environ.get("BACKEND_URL", "http://localhost:8090")
TIMEOUT_S = 5.0


async def answer(message: str) -> dict[str, Any]:
    """What the backend of the same slot says; 502 where it does not."""
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            response = await client.post(f"{BACKEND}/answers", json={"message": message})
            response.raise_for_status()
    except httpx.HTTPError as error:
        raise HTTPException(
            502, f"the consciousness-backend does not answer: {type(error).__name__}"
        ) from error
    found: dict[str, Any] = response.json()
    return found


async def ask(request: Request) -> JSONResponse:
    """One message of somebody who is logged in."""
    await user_of(request)
    [message] = await texts(request, "message")
    return JSONResponse(await answer(message))


async def talk(websocket: WebSocket) -> None:
    """Each message is answered with `{"answer": ..., "version": ...}`, until the other side leaves."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_json(await answer(await websocket.receive_text()))
    except HTTPException:
        await websocket.close(code=1011)
    except WebSocketDisconnect:
        return


routes = [Route("/api/chat", ask, methods=["POST"]), WebSocketRoute("/chat", talk)]
