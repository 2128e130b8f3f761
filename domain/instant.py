"""Points in time that are signed over: always UTC, so that a store's time zone changes no signature."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime


def utc(at: datetime) -> datetime:
    """The same instant in UTC."""
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(utc)]
