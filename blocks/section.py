"""What the parts of the document that are no adapters share."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the document: unknown keys raise, values never change, input is never shown in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
