"""The configuration as evidence may hold it, and the secrets that logs must not show."""

from contextlib import suppress
from pathlib import Path

from blocks.environment_text import rewritten, values
from blocks.program import MASK
from blocks.supervision.configuration_text import masked_configuration, secrets_of
from blocks.supervision.environment_file import OURS, EnvironmentFile
from blocks.supervision.supervisord import Supervisord
from domain.errors import BackoutError


class Rendered:
    """supervisord's configuration and the environment file, as they are now."""

    def __init__(self, supervisord: Supervisord, environment_file: Path | None) -> None:
        self._supervisord = supervisord
        self._environment_file = environment_file

    def texts(self) -> dict[str, str]:
        """File name -> text, values of variables masked; without the files that are not there. Raises Unreachable."""
        texts = {}
        if (text := self._supervisord.configuration_text()) is not None:
            texts["supervisord.conf"] = masked_configuration(text)
        if (text := self._environment_text()) is not None:
            texts["env.production"] = rewritten(text, {key: MASK for key in values(text) if key not in OURS})
        return texts

    def secrets(self) -> set[str]:
        """The values that are masked, as far as they can be read: where they cannot, nobody put them into a log of ours."""
        found: set[str] = set()
        with suppress(BackoutError):
            found |= secrets_of(self._supervisord.configuration_text() or "")
        with suppress(BackoutError):
            environment = values(self._environment_text() or "")
            found |= {value for key, value in environment.items() if key not in OURS}
        return found

    def _environment_text(self) -> str | None:
        file = self._environment_file
        return EnvironmentFile(self._supervisord.host, file).text() if file else None
