"""The rollback that the watch after a deploy starts: NotesHub "Deployment Flow", "Rollback Triggers". The same flow as everything else."""

from typing import Any

import httpx
from prefect.exceptions import PrefectException

from domain.bad_looks import Seen
from domain.errors import BackoutError
from domain.journal_kinds import Happened
from flows import prefect_runs
from tasks.case import Case
from tasks.deploy_trouble import asked_for, only_told


def roll_back_deploy(case: Case, application: dict[str, Any], seen: Seen, looks: int) -> str:
    """Start it, once a deploy, with the consent that policy asks for; why it was not started, empty where it was.

    Killed before that is noted and started again, the watch comes to the same run.

    Args:
        application: the reference to its block.
        looks: how many in a row stand against the release.
    """
    try:
        if why := only_told(case, seen, looks):
            return why
        fields = asked_for(case, seen, looks)
        run = prefect_runs.start_later(
            "rollback", {"application": application, **fields}, None, key=f"back-{case.incident.id}"
        )
    except (BackoutError, PrefectException, httpx.HTTPError) as error:
        case.note(Happened.ACT_FAILED, act="start the rollback", error=f"{type(error).__name__}: {error}")
        return f"the rollback could not be started: `backout rollback {case.document.name}`"
    case.note(Happened.ROLLBACK_STARTED, run=run, reason=fields["reason"])
    return ""
