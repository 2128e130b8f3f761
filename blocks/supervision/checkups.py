"""What `backout doctor` finds of a supervisord: whether it answers, and each program's state with its last log lines."""

from collections.abc import Collection, Sequence

from blocks.supervision import starting
from blocks.supervision.control import Control, ProgramState
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError

SUPERVISORD = "supervisord"
PROGRAM = "program"
SOURCE = 'NotesHub "Emergency Rollback" 2'
START, RESTART = "start", "restart"
START_IT = "sudo systemctl start supervisor"


def checkups(control: Control, programs: Sequence[str], needed: Collection[str]) -> list[Checkup]:
    """Each bad one with the command that mends it. Never raises.

    Args:
        control: the supervisord.
        programs: all that the application consists of.
        needed: those that must run; another one may have been stopped, as a standby slot's.
    """
    try:
        found = starting.states(control, programs)
        answers = well(SUPERVISORD, control.address, "answers", source=SOURCE)
        return [answers, *(_of(control, state, needed=state.name in needed) for state in found)]
    except BackoutError as error:
        remedy = Remedy(command=START_IT)
        return [wrong(SUPERVISORD, control.address, error.what(), remedy, source=SOURCE, symptom="no answer")]


def _of(control: Control, state: ProgramState, *, needed: bool) -> Checkup:
    if not state.failed and (state.up or not needed):
        return well(PROGRAM, state.name, state.line(), source=SOURCE)
    act = RESTART if state.coming else START
    remedy = Remedy(name=f"{act} {state.name}", command=f"supervisorctl {act} {state.name}")
    said = starting.with_last_lines(control, state)
    return wrong(PROGRAM, state.name, said, remedy, source=SOURCE, symptom=state.state.lower())
