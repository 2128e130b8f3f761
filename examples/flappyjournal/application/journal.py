"""The journal: a person's entries."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .accounts import database_of, user_of
from .database import TEXT
from .forms import texts


async def create(request: Request) -> JSONResponse:
    """Write a new entry."""
    user, (title, body) = await user_of(request), await texts(request, "title", "body")
    query = f"INSERT INTO entries (user_id, title, {TEXT}) VALUES (%s, %s, %s) RETURNING id, title, {TEXT}"  # noqa: S608
    return JSONResponse(_only(await database_of(request).rows(query, [user, title, body])), status_code=201)


async def entries(request: Request) -> JSONResponse:
    """This person's newest 100 entries, newest first."""
    query = f"SELECT id, title, {TEXT} FROM entries WHERE user_id = %s ORDER BY id DESC LIMIT 100"  # noqa: S608
    found = await database_of(request).rows(query, [await user_of(request)])
    return JSONResponse([_entry(row) for row in found])


async def edit(request: Request) -> JSONResponse:
    """Write an entry anew; 404 where this person has none by that number."""
    user, (title, body) = await user_of(request), await texts(request, "title", "body")
    query = f"UPDATE entries SET title = %s, {TEXT} = %s WHERE id = %s AND user_id = %s RETURNING id, title, {TEXT}"  # noqa: S608
    values = [title, body, request.path_params["entry"], user]
    return JSONResponse(_only(await database_of(request).rows(query, values)))


async def delete(request: Request) -> Response:
    """Remove an entry; 404 where this person has none by that number."""
    query = "DELETE FROM entries WHERE id = %s AND user_id = %s RETURNING id, title, title"
    _only(await database_of(request).rows(query, [request.path_params["entry"], await user_of(request)]))
    return Response(status_code=204)


def _only(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    if not rows:
        raise HTTPException(404, "there is no such entry")
    return _entry(rows[0])


def _entry(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(("id", "title", "body"), row, strict=True))


routes = [
    Route("/api/journal", entries),
    Route("/api/journal", create, methods=["POST"]),
    Route("/api/journal/{entry:int}", edit, methods=["PUT"]),
    Route("/api/journal/{entry:int}", delete, methods=["DELETE"]),
]
