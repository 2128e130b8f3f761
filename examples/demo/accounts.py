"""Accounts: register, log in and out, remove oneself. Sessions are in the database, so both slots know them."""

import asyncio
import hashlib
import hmac
import secrets
from typing import Annotated

import psycopg
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from examples.demo.faults import Fault
from examples.demo.state import State, state_of

router = APIRouter(prefix="/api")


class Credentials(BaseModel):
    """What a person logs in with."""

    email: str = Field(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")
    password: str = Field(min_length=8, max_length=128)


class Session(BaseModel):
    """A session that was looked up by its token; the token itself is never kept."""

    token_hash: str
    user_id: int


async def require_session(request: Request) -> Session:
    """The session of the request's `Authorization: Bearer` header; 401 when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token_hash = _hash_token(token)
    async with state_of(request).pool.connection() as connection:
        cursor = await connection.execute("SELECT user_id FROM sessions WHERE token_hash = %s", [token_hash])
        row = await cursor.fetchone()
    if scheme.lower() != "bearer" or row is None:
        raise HTTPException(401, "log in first: the token is missing or no longer valid")
    return Session(token_hash=token_hash, user_id=row[0])


CurrentSession = Annotated[Session, Depends(require_session)]
CurrentState = Annotated[State, Depends(state_of)]


def require_working_auth(state: CurrentState) -> None:
    """Where the fault `broken_auth` strikes."""
    if state.faulty.shows(Fault.BROKEN_AUTH):
        raise HTTPException(500, "the authentication service does not answer")


working_auth = Depends(require_working_auth)


@router.get("/auth/health")
async def auth_health(state: CurrentState) -> JSONResponse:
    """Whether accounts can be read: 200 and `healthy`, or 503 and `unhealthy`."""
    readable = await state.can_query("SELECT 1 FROM users LIMIT 1")
    healthy = readable and not state.faulty.shows(Fault.BROKEN_AUTH)
    body = {"status": "healthy" if healthy else "unhealthy", "version": state.version, "slot": state.slot}
    return JSONResponse(body, status_code=200 if healthy else 503)


@router.post("/auth/register", status_code=201, dependencies=[working_auth])
async def register(credentials: Credentials, state: CurrentState) -> dict[str, int | str]:
    """Make an account; 409 when the address has one."""
    password_hash = await asyncio.to_thread(hash_password, credentials.password)
    insert = "INSERT INTO users (email, password_hash) VALUES (%s, %s) RETURNING id"
    try:
        async with state.pool.connection() as connection:
            cursor = await connection.execute(insert, [credentials.email, password_hash])
            [row] = await cursor.fetchall()
    except psycopg.errors.UniqueViolation as error:
        raise HTTPException(409, "this address has an account already") from error
    return {"id": row[0], "email": credentials.email}


@router.post("/auth/login", dependencies=[working_auth])
async def login(credentials: Credentials, state: CurrentState) -> dict[str, str]:
    """Begin a session: `{"token": ...}`; 401 when address or password is wrong."""
    async with state.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT id, password_hash FROM users WHERE email = %s", [credentials.email]
        )
        row = await cursor.fetchone()
    if row is None or not await asyncio.to_thread(matches_password, credentials.password, row[1]):
        raise HTTPException(401, "address or password is wrong")
    token = secrets.token_urlsafe(32)
    async with state.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO sessions (token_hash, user_id) VALUES (%s, %s)", [_hash_token(token), row[0]]
        )
    return {"token": token}


@router.post("/auth/logout", status_code=204, dependencies=[working_auth])
async def logout(session: CurrentSession, state: CurrentState) -> None:
    """End the session of this token."""
    async with state.pool.connection() as connection:
        await connection.execute("DELETE FROM sessions WHERE token_hash = %s", [session.token_hash])


@router.delete("/users/me", status_code=204)
async def remove_account(session: CurrentSession, state: CurrentState) -> None:
    """Remove the account, its sessions and entries: smoke tests take away what they made."""
    async with state.pool.connection() as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [session.user_id])


def hash_password(password: str) -> str:
    """`salt$key`, both in hex, by scrypt."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_derive(password, salt).hex()}"


def matches_password(password: str, stored: str) -> bool:
    """Whether the password is the one `hash_password` was given."""
    salt, key = stored.split("$")
    return hmac.compare_digest(_derive(password, bytes.fromhex(salt)), bytes.fromhex(key))


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
