"""The journal: a person's entries, and the chat about them."""

from datetime import datetime
from typing import LiteralString

from fastapi import APIRouter, Depends, HTTPException
from psycopg import sql
from psycopg.rows import dict_row
from pydantic import BaseModel, Field

from examples.demo.accounts import CurrentSession, CurrentState, require_session
from examples.demo.faults import Fault

router = APIRouter(prefix="/api")

# The text's column has another name after a migration; what people send and get does not change with it.
_ENTRY = sql.SQL("id, title, {} AS body, created_at, updated_at")


class Draft(BaseModel):
    """What a person writes."""

    title: str = Field(min_length=1, max_length=200)
    body: str = Field(max_length=20_000)


class Entry(Draft):
    """What is kept of it."""

    id: int
    created_at: datetime
    updated_at: datetime


class Message(BaseModel):
    """One line said to the chat."""

    message: str = Field(min_length=1, max_length=2_000)


@router.post("/journal", status_code=201)
async def create_entry(draft: Draft, session: CurrentSession, state: CurrentState) -> Entry:
    """Write a new entry; 507 when the disk takes no note of it."""
    state.note(f"{session.user_id} writes")
    query = "INSERT INTO entries (user_id, title, {text}) VALUES (%s, %s, %s) RETURNING {entry}"
    return (await _fetch(state, query, [session.user_id, draft.title, draft.body]))[0]


@router.get("/journal")
async def list_entries(session: CurrentSession, state: CurrentState) -> list[Entry]:
    """The newest 100 entries of this person, newest first."""
    query = "SELECT {entry} FROM entries WHERE user_id = %s ORDER BY id DESC LIMIT 100"
    return await _fetch(state, query, [session.user_id])


@router.get("/journal/{entry_id}")
async def read_entry(entry_id: int, session: CurrentSession, state: CurrentState) -> Entry:
    """One entry; 404 when this person has none by that number."""
    query = "SELECT {entry} FROM entries WHERE id = %s AND user_id = %s"
    return _only(await _fetch(state, query, [entry_id, session.user_id]))


@router.put("/journal/{entry_id}")
async def update_entry(entry_id: int, draft: Draft, session: CurrentSession, state: CurrentState) -> Entry:
    """Write an entry anew; 404 when this person has none by that number."""
    query = (
        "UPDATE entries SET title = %s, {text} = %s, updated_at = now() "
        "WHERE id = %s AND user_id = %s RETURNING {entry}"
    )
    return _only(await _fetch(state, query, [draft.title, draft.body, entry_id, session.user_id]))


@router.delete("/journal/{entry_id}", status_code=204)
async def delete_entry(entry_id: int, session: CurrentSession, state: CurrentState) -> None:
    """Remove an entry; 404 when this person has none by that number."""
    query = "DELETE FROM entries WHERE id = %s AND user_id = %s RETURNING {entry}"
    _only(await _fetch(state, query, [entry_id, session.user_id]))


@router.post("/chat", dependencies=[Depends(require_session)])
async def chat(message: Message, state: CurrentState) -> dict[str, str]:
    """A canned answer: the demo has no model behind it, only the shape of the route; 503 while the model is "away"."""
    if state.faulty.shows(Fault.DEPENDENCY):
        raise HTTPException(503, "the model does not answer")
    return {"answer": f"I heard {len(message.message)} characters. Tell me more.", "version": state.version}


async def _fetch(state: CurrentState, query: LiteralString, values: list[object]) -> list[Entry]:
    text = sql.Identifier(state.text_column)
    written = sql.SQL(query).format(text=text, entry=_ENTRY.format(text))
    async with state.pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(written, values)
        return [Entry(**row) for row in await cursor.fetchall()]


def _only(entries: list[Entry]) -> Entry:
    if not entries:
        raise HTTPException(404, "there is no such entry")
    return entries[0]
