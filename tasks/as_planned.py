"""What a deploy rests on whenever it changes something: traffic and releases as its plan saw them, its command, its record."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from blocks.hosts.local import Local
from blocks.placeholders import filled
from domain.errors import CommandFailed, Conflict, StoreUnavailable
from domain.plan import Plan
from domain.shares import in_words
from tasks.case import Case
from tasks.left_behind import MARK
from tasks.recorded import recorded


def as_planned(case: Case, plan: Plan) -> None:
    """Traffic, and the release to go back to, are where the plan saw them: what serves is never written over.

    Raises Conflict, except where the release serves from its slot already.
    """
    platform = case.document.platform
    served = platform.route().served
    if served == plan.after and platform.slot(plan.to_slot or "").version == plan.to_release:
        return
    if served != plan.before:
        found = in_words(served) or "no slot"
        raise Conflict(on="what serves", expected=in_words(plan.before), found=found)
    holds = platform.slot(plan.from_slot or "").version
    if holds != plan.from_release:
        expected = plan.from_release or "no release"
        raise Conflict(on=f"the release in {plan.from_slot}", expected=expected, found=holds or "no release")


def run_install(case: Case, plan: Plan) -> None:
    """Run `deploy.install` of the settings, as the user Backout runs as; marked, so that what a killed run left of it is found.

    Raises:
        CommandFailed: it did not end well.
        LostLock: somebody went before it; the command was ended where it stood.
    """
    settings = case.document.deploy
    argv = filled(settings.install, {"slot": plan.to_slot or "", "release": plan.to_release or ""})
    ran = Local().run(
        argv,
        cwd=Path("/"),
        timeout_s=settings.install_timeout_s,
        env={MARK: case.incident.id},
        meanwhile=partial(still_ours, case),
    )
    if ran.exit_code != 0:
        raise CommandFailed(argv=argv, exit_code_seen=ran.exit_code, output=ran.output)


def still_ours(case: Case) -> None:
    """Others wait for this act's turn on the host, so it is given up as soon as one of them went before it. Raises LostLock."""
    with suppress(StoreUnavailable):  # nobody can have gone before it there
        case.ledger.check(case.hold)


def record(case: Case, plan: Plan) -> None:
    """Record the new release: what it is made of, who, why, on which schema."""
    case.ledger.record(recorded(case, plan))
