"""A supervisord whose log lines are shown without the application's secrets."""

from blocks.program import masked
from blocks.supervision.control import Control, ProgramState
from blocks.supervision.rendered import Rendered


class MaskedControl:
    """Passes everything on; what programs printed is masked before anybody sees it."""

    def __init__(self, control: Control, rendered: Rendered) -> None:
        self.address = control.address
        self._control = control
        self._rendered = rendered

    def programs(self) -> dict[str, ProgramState]:
        """All programs by name."""
        return self._control.programs()

    def start(self, program: str) -> None:
        """Begin to start it."""
        self._control.start(program)

    def stop(self, program: str) -> None:
        """Begin to stop it."""
        self._control.stop(program)

    def tail(self, program: str, lines: int) -> list[str]:
        """The last lines it printed, masked."""
        secrets = self._rendered.secrets()
        return [masked(line, secrets) for line in self._control.tail(program, lines)]

    def main_log(self) -> list[str]:
        """The end of supervisord's own log, which holds names and numbers."""
        return self._control.main_log()
