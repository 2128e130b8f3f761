"""The demo's proxy and slots, beside a PostgreSQL that tests choose."""

from pathlib import Path

from examples.demo.stack import Stack


class Borrowed(Stack):
    """The demo's stack on a database of a cluster that is not its own."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self._url = url

    @property
    def database_url(self) -> str:
        return self._url

    def up(self) -> "Borrowed":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.active_file.write_text(self.slots["blue"].dial)
        self.proxy.start()
        return self

    def down(self) -> None:
        self.stop_slots()
        self.proxy.stop()
