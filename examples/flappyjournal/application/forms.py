"""What people send as JSON."""

from __future__ import annotations

from json import JSONDecodeError

from starlette.exceptions import HTTPException
from starlette.requests import Request

LONGEST = 20_000


async def texts(request: Request, *names: str) -> list[str]:
    """These fields of the body, in this order; 422 where one is missing, empty, or no text."""
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, "the body is no JSON") from error
    found = [body.get(name) if isinstance(body, dict) else None for name in names]
    good = [text for text in found if isinstance(text, str) and 0 < len(text) <= LONGEST]
    if len(good) < len(names):
        raise HTTPException(422, f"send {', '.join(names)} as text of 1 to {LONGEST} letters")
    return good
