"""`.env.production`: which release and which slot are active, as NotesHub "Environment Configuration" keeps it."""

from pathlib import Path

from blocks.environment_text import decoded, encoded, rewritten, values
from blocks.hosts.contract import Host
from domain.errors import Unreachable

VERSION, SLOT, PREVIOUS = "APP_VERSION", "DEPLOYMENT_ENV", "PREVIOUS_VERSION"
OURS = (VERSION, SLOT, PREVIOUS)
BEFORE = ".before"
"""Ending of the copy of what the file held before the last change of ours."""


class EnvironmentFile:
    """The file on its host, and beside it what it held before the last change."""

    def __init__(self, host: Host, path: Path) -> None:
        self._host = host
        self.path = path

    def text(self) -> str | None:
        """What it holds; None where it is not there. Raises Unreachable."""
        return _decoded(self._host.read(self.path))

    def point_to(self, slot: str, version: str) -> str:
        """Name this slot and its release in the file; what was done, empty where it names them already.

        Where that only takes back our last change, the file gets back what it held before that, byte for byte.

        Raises:
            Unreachable, NotPermitted: it is as it was.
        """
        text = self.text()
        if text is None:
            raise Unreachable("file", str(self.path), "it is not there")
        now = values(text)
        if (now.get(VERSION), now.get(SLOT)) == (version, slot):
            return ""
        before = _decoded(self._host.read(self._before))
        if before is not None and _undoes(before, text, slot, version):
            self._host.replace(self.path, encoded(before))
            return f"{self.path} is as it was before"
        self._host.replace(self._before, encoded(text))
        named = {VERSION: version, SLOT: slot, PREVIOUS: now.get(VERSION, "")}
        self._host.replace(self.path, encoded(rewritten(text, named)))
        return f"{self.path} names {version} in {slot}, before it {named[PREVIOUS] or 'nothing'}"

    @property
    def _before(self) -> Path:
        return self.path.with_name(self.path.name + BEFORE)


def _undoes(before: str, text: str, slot: str, version: str) -> bool:
    """Whether the text is `before` with our change and nobody else's, and `before` names what is to be named."""
    held, now = values(before), values(text)
    ours = {key: now[key] for key in OURS if key in now}
    return (held.get(VERSION), held.get(SLOT)) == (version, slot) and rewritten(before, ours) == text


def _decoded(content: bytes | None) -> str | None:
    return None if content is None else decoded(content)
