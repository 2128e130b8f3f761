"""A third party fails, or an integration with it broke: Jarvis scenario 4."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from domain.request import LAST_GOOD, THIRD_PARTY
from flows import form
from flows.consent import ask
from flows.naming import run_name
from flows.path import bring_back
from flows.runbook import asked, run
from tasks.assess import make_plan
from tasks.case import Case
from tasks.compare import compare_again
from tasks.look_again import look_again
from tasks.preserve import preserve
from tasks.read_logs import read_logs
from tasks.survey import survey
from tasks.tell import announce
from tasks.turn_off import turn_off


def turn_off_then_take_back(case: Case) -> None:
    """The feature is turned off first; the release goes back only where users are no better off."""
    seen = survey(case)
    read = read_logs(case, seen)
    plan = make_plan(case, read)
    announce(case)
    ask(case, plan)
    preserve(case, plan)
    turn_off(case, plan)
    look_again(case, plan)
    bring_back(case, plan)
    compare_again(case, plan)


@flow(name=THIRD_PARTY, flow_run_name=run_name, persist_result=False)
def third_party_failure(
    application: form.Application,
    reason: form.Reason,
    flag: form.Flag = None,
    severity: form.Severity = None,
    target: form.Target = LAST_GOOD,
    impact: form.Impact = "",
    users: form.Users = None,
    downtime: form.Downtime = "",
    dry_run: form.DryRun = False,
    asked_by: form.AskedBy = "",
    via: form.Via = "ui",
    detection: form.Detection = None,
) -> State[Any]:
    """Turn the integration's feature off, look again, and only then take the release back."""
    request = asked(
        application, target, detection, runbook=THIRD_PARTY, issue=THIRD_PARTY, flag=flag or None, severity=severity,
        reason=reason, impact=impact, users=users, downtime=downtime, dry_run=dry_run, by=asked_by, via=via,
    )  # fmt: skip
    return run(application, request, turn_off_then_take_back)
