"""Reading a request's body no further than it may be long, and no longer than it may take."""

import asyncio

from fastapi import Request

from deployments.gateway.requests import BodyTooLong, BodyTooSlow

PATIENCE_S = 20.0
"""Nobody has proved who they are by then: who sends a letter a minute must not keep connections from an alert."""


async def body_of(request: Request, longest: int) -> bytes:
    """The body. Raises BodyTooLong and BodyTooSlow, with the rest of it unread."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _read(request, longest)
    except TimeoutError:
        raise BodyTooSlow(f"the body was not there within {PATIENCE_S:g} s", step="send it again") from None


async def _read(request: Request, longest: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > longest:
            raise BodyTooLong(f"the body is longer than {longest} bytes")
    return bytes(body)
