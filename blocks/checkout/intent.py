"""What is under way on a checkout: kept inside `.git` from before the first step until after the last."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blocks.files import replace_file, sync_folder


class Intent(BaseModel):
    """One release is taking another's place.

    Attributes:
        before: the slot that was in place; it counts as in place until the last step is done.
        to: the slot that is put in place.
        begun: the time of the first step; names the stash.
        images: service -> the image that ran before: the way back where no image is named by that commit.
        down_since: when users lost what served; None where they still have it.
    """

    model_config = ConfigDict(frozen=True)

    before: str
    to: str
    begun: datetime
    images: dict[str, str] = {}
    down_since: datetime | None = None

    @property
    def stash(self) -> str:
        """The message of the stash that keeps the local changes found."""
        return f"backout {self.begun:%Y-%m-%dT%H:%M:%SZ}: local changes on {self.before}, before {self.to}"


class IntentFile:
    """Where it is kept. A reader sees all of it or none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Intent | None:
        """The intent; None where nothing is under way."""
        try:
            return Intent.model_validate_json(self._path.read_text())
        except FileNotFoundError:
            return None

    def keep(self, intent: Intent) -> Intent:
        """Write it, to the disk."""
        replace_file(self._path, intent.model_dump_json().encode())
        return intent

    def done(self) -> None:
        """Nothing is under way any more."""
        self._path.unlink(missing_ok=True)
        sync_folder(self._path.parent)
