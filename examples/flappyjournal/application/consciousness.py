"""consciousness-backend: answers the chat, and brings the schema to its release. `python3 -m application.consciousness`."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .database import Database
from .forms import texts
from .schema import migrate
from .service import MIGRATIONS, health, serve, service

PORT = 8090


async def answer(request: Request) -> JSONResponse:
    """A canned answer: there is no model behind the example, only the shape of the route."""
    [message] = await texts(request, "message")
    said = f"I heard {len(message)} characters. Tell me more."
    return JSONResponse({"answer": said, **request.app.state.release})


async def _migrate(database: Database) -> None:
    await asyncio.to_thread(migrate, database.url, MIGRATIONS)


def main() -> None:
    """Serve until SIGTERM."""
    serve(service([Route("/health", health), Route("/answers", answer, methods=["POST"])], _migrate), PORT)


if __name__ == "__main__":
    main()
