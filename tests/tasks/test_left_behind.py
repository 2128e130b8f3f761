"""Which commands of a deploy may be ended: those whose run was killed, and no others."""

from typing import Any

import pytest

from domain.assess_deploy import INSTALL, TAKE_PLACE
from domain.journal_kinds import Happened
from tasks.left_behind import cut_off
from tests.tasks.test_progress import journal


def started(act: str) -> tuple[Happened, dict[str, Any]]:
    return Happened.ACT_STARTED, {"act": act}


def done(act: str) -> tuple[Happened, dict[str, Any]]:
    return Happened.ACT_DONE, {"act": act}


def failed(act: str) -> tuple[Happened, dict[str, Any]]:
    return Happened.ACT_FAILED, {"act": act, "error": "", "type": "CommandFailed"}


@pytest.mark.parametrize("act", [INSTALL, TAKE_PLACE])
@pytest.mark.parametrize("ours", [True, False])
def test_a_command_without_an_end_was_cut_off(act: str, ours: bool) -> None:
    """Ours is looked at from the act that follows it."""
    assert cut_off(journal(started(act), *([started("go back")] if ours else [])), ours=ours)
    assert cut_off(journal(started(act), *([started(act)] if ours else [])), ours=ours)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [started("prepare")],
        [started(INSTALL), done(INSTALL)],
        [started(TAKE_PLACE), failed(TAKE_PLACE)],
        [started(INSTALL), started(INSTALL), done(INSTALL), started("switch")],
    ],
)
def test_what_came_to_its_end_is_left_alone(rows: list[Any]) -> None:
    assert not cut_off(journal(*rows))


def test_the_act_under_way_is_not_its_own_rest() -> None:
    assert not cut_off(journal(started(TAKE_PLACE)), ours=True)
