"""Accounts: register, log in and out, remove oneself."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .database import Database
from .forms import texts


async def health(request: Request) -> JSONResponse:
    """Whether accounts can be read: 200 and `healthy`, or 503 and `unhealthy`."""
    healthy = await database_of(request).answers("SELECT 1 FROM sessions LIMIT 1")
    status = "healthy" if healthy else "unhealthy"
    return JSONResponse({"status": status, **request.app.state.release}, status_code=200 if healthy else 503)


async def register(request: Request) -> JSONResponse:
    """Make an account; 409 where the address has one."""
    email, password = await texts(request, "email", "password")
    kept = await asyncio.to_thread(_hash_password, password, secrets.token_bytes(16))
    query = "INSERT INTO users (email, password_hash) VALUES (%s, %s) RETURNING id"
    try:
        [(number,)] = await database_of(request).rows(query, [email, kept])
    except psycopg.errors.UniqueViolation as error:
        raise HTTPException(409, "this address has an account already") from error
    return JSONResponse({"id": number, "email": email}, status_code=201)


async def login(request: Request) -> JSONResponse:
    """Begin a session: `{"token": ...}`; 401 where address or password is wrong."""
    email, password = await texts(request, "email", "password")
    database = database_of(request)
    found = await database.rows("SELECT id, password_hash FROM users WHERE email = %s", [email])
    if not found or not await asyncio.to_thread(_matches, password, found[0][1]):
        raise HTTPException(401, "address or password is wrong")
    token = secrets.token_urlsafe(32)
    query = "INSERT INTO sessions (token_hash, user_id) VALUES (%s, %s)"
    await database.rows(query, [_hash_token(token), found[0][0]])
    return JSONResponse({"token": token})


async def logout(request: Request) -> Response:
    """End this session."""
    await user_of(request)
    await database_of(request).rows(
        "DELETE FROM sessions WHERE token_hash = %s", [_hash_token(_token(request))]
    )
    return Response(status_code=204)


async def remove(request: Request) -> Response:
    """Remove the account with all that is its own: a smoke test takes away what it made."""
    await database_of(request).rows("DELETE FROM users WHERE id = %s", [await user_of(request)])
    return Response(status_code=204)


async def user_of(request: Request) -> int:
    """Whose session the request's `Authorization: Bearer` names; 401 where it names none."""
    query = "SELECT user_id FROM sessions WHERE token_hash = %s"
    found = await database_of(request).rows(query, [_hash_token(_token(request))])
    if not found:
        raise HTTPException(401, "log in first: the token is missing or no longer valid")
    return int(found[0][0])


def database_of(request: Request) -> Database:
    """The connections of this process."""
    database: Database = request.app.state.database
    return database


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hash_password(password: str, salt: bytes) -> str:
    return f"{salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1).hex()}"


def _matches(password: str, kept: str) -> bool:
    salt, _, _ = kept.partition("$")
    return hmac.compare_digest(_hash_password(password, bytes.fromhex(salt)), kept)


routes = [
    Route("/api/auth/health", health),
    Route("/api/auth/register", register, methods=["POST"]),
    Route("/api/auth/login", login, methods=["POST"]),
    Route("/api/auth/logout", logout, methods=["POST"]),
    Route("/api/users/me", remove, methods=["DELETE"]),
]
