"""api-gateway: what Caddy sends users to. `python3 -m application.gateway`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from . import accounts, chat, journal
from .database import Database
from .service import health, serve, service

PORT = 8080
PAGE = """<!doctype html><title>FlappyJournal</title>
<h1>FlappyJournal</h1><p>Version {version}, served by {slot}.</p>"""


async def page(request: Request) -> HTMLResponse:
    """What a person sees first."""
    return HTMLResponse(PAGE.format(**request.app.state.release))


def main() -> None:
    """Serve until SIGTERM."""
    own = [Route("/", page), Route("/api/health", health)]
    serve(service([*own, *accounts.routes, *journal.routes, *chat.routes], Database.has_tables), PORT)


if __name__ == "__main__":
    main()
