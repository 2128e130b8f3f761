"""Starting and stopping a supervisord's programs, and waiting until they are where they should be."""

import time
from collections.abc import Callable, Mapping, Sequence

from blocks.supervision.control import MISSING, RUNNING, STOPPING, Control, ProgramState
from domain.errors import CommandFailed

LOOK_AGAIN_S = 0.1
LAST_LINES = 3


def states(control: Control, programs: Sequence[str]) -> list[ProgramState]:
    """These programs as they are now, in this order. Raises Unreachable."""
    known = control.programs()
    return [state_of(known, name) for name in programs]


def state_of(known: Mapping[str, ProgramState], program: str) -> ProgramState:
    """The program's state among those that supervisord knows."""
    return known.get(program, ProgramState(program, MISSING, said="not in supervisord's configuration"))


def start(control: Control, programs: Sequence[str], stop_timeout_s: float) -> None:
    """Begin to start them; one that is still being stopped is waited for. Raises CommandFailed, Unreachable."""
    _wait(control, programs, lambda state: state.state != STOPPING, stop_timeout_s)
    for name in programs:
        control.start(name)


def stop(control: Control, programs: Sequence[str], timeout_s: float) -> None:
    """Stop them, the last one first, and wait until they are down. Raises CommandFailed, Unreachable."""
    for name in reversed(programs):
        control.stop(name)
    left = _wait(control, programs, lambda state: not state.up and state.state != STOPPING, timeout_s)
    if left:
        said = "; ".join(state.line() for state in left)
        raise CommandFailed(["supervisorctl", "stop", *programs], None, said)


def restart(control: Control, program: str, *, start_timeout_s: float, stop_timeout_s: float) -> None:
    """Stop and start one program, and wait until supervisord calls it running.

    Raises:
        CommandFailed: it does not come up; with the last lines of its log.
        Unreachable: supervisord does not answer.
    """
    stop(control, [program], stop_timeout_s)
    start(control, [program], stop_timeout_s)
    left = _wait(
        control, [program], lambda state: state.state == RUNNING or _given_up(state), start_timeout_s
    )
    [found] = states(control, [program])
    if left or found.state != RUNNING:
        raise CommandFailed(["supervisorctl", "restart", program], None, with_last_lines(control, found))


def with_last_lines(control: Control, state: ProgramState) -> str:
    """The program's state, and how its log ends; for a person."""
    last = " | ".join(line.strip() for line in control.tail(state.name, LAST_LINES))
    return f"{state.line()}; its log ends: {last or '(empty)'}"


def _given_up(state: ProgramState) -> bool:
    return state.failed and not state.coming


def _wait(
    control: Control, programs: Sequence[str], reached: Callable[[ProgramState], bool], seconds: float
) -> list[ProgramState]:
    """Look until all are there; those that are not when the time is over."""
    deadline = time.monotonic() + seconds
    while left := [state for state in states(control, programs) if not reached(state)]:
        if time.monotonic() > deadline:
            return left
        time.sleep(LOOK_AGAIN_S)
    return []
