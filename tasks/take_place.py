"""Take the place, where there is no standby: the way back is kept, what serves is asked once more, and the new release replaces it."""

from functools import partial

from blocks.platforms.contract import Platform
from blocks.signals.contract import Place
from blocks.signals.probe import Probe
from blocks.takes_place import TakesPlace
from domain.assess_deploy import KEEP_WAY_BACK, SAMPLE, TAKE_PLACE
from domain.canary import Sampled
from domain.errors import ConfigurationError
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from tasks.act import act
from tasks.as_planned import as_planned, record, run_install, still_ours
from tasks.case import Case
from tasks.ended import Ended
from tasks.left_behind import end_left_behind
from tasks.look import users_place

SAMPLES = 5
"""Looks at what serves before it is replaced, each of `deploy.requests`: it cannot be asked again afterwards."""

DIGITS = 4


@act(KEEP_WAY_BACK, changes=True)
def keep_way_back(case: Case, plan: Plan) -> None:
    """Everything that going back needs is there before anything is replaced; and the new release is recorded as not served yet.

    Raises:
        Ended: held, where something of it is not there.
        Conflict: what serves is no longer what the plan goes back to.
        NotPrepared: as `TakesPlace.keep_way_back`.
    """
    platform, serving = _taking(case.document.platform), plan.from_slot or ""
    if case.document.platform.route().served == plan.after:
        return
    as_planned(case, plan)
    kept = platform.keep_way_back(serving)
    if why := platform.no_way_back(serving):
        raise Ended(Outcome.HELD, f"there is no way back: {why}")
    record(case, plan)
    case.note(Happened.WAY_BACK, slot=serving, release=plan.from_release, kept=kept)


def put_in_place(case: Case, plan: Plan) -> None:
    """The new release has the place of the one that served; what that one answered before is kept to compare it with."""
    sample_before(case, plan)
    take_place(case, plan)


@act(SAMPLE)
def sample_before(case: Case, plan: Plan) -> None:  # noqa: ARG001 - an act has its plan
    """What serves is asked as its users ask it: errors and times, for the analysis afterwards."""
    settings = case.document.deploy
    place = users_place(case.document, case.document.platform.route().slot)
    side = Sampled()
    for _ in range(SAMPLES):
        sample(place, side, settings.path, settings.requests)
    seconds = [round(took, DIGITS) for took in side.seconds]
    case.note(Happened.SAMPLED, requests=side.requests, errors=side.errors, seconds=seconds)


@act(TAKE_PLACE, changes=True)
def take_place(case: Case, plan: Plan) -> None:
    """The step that users notice, and that nobody could look at before.

    Raises:
        Conflict: what serves is no longer what the plan goes back to, by somebody's hand since; nothing was changed.
        LostLock: somebody went before it; they undo what was begun.
        Others as `TakesPlace.take_place` does.
    """
    platform, release = case.document.platform, plan.to_release or ""
    end_left_behind(case)
    seen = platform.route()
    as_planned(case, plan)
    slot = _taking(platform).place_for(release, brought=bool(case.document.deploy.install))
    receipt = _taking(platform).take_place(
        slot, release, seen, partial(run_install, case, plan), partial(still_ours, case)
    )
    found = receipt.model_copy(update={"changed": True, "before": plan.from_slot})
    case.note(Happened.SWITCHED, receipt=found.model_dump(mode="json"))


def sampled_before(case: Case) -> Sampled:
    """What was seen of the release that served; nothing where that was not asked."""
    found = [row for row in case.ledger.entries(case.incident.id) if row.kind == Happened.SAMPLED]
    return Sampled(**found[-1].data) if found else Sampled()


def sample(place: Place, side: Sampled, path: str, requests: int) -> None:
    """Some requests more to what answers at a place."""
    if place.url is None:
        return
    samples = Probe(path=path, requests=requests).sampled(place.url)
    errors = sum(bool(one.error) for one in samples)
    side.add(len(samples), errors, (one.seconds for one in samples if one.seconds is not None))


def _taking(platform: Platform) -> TakesPlace:
    if not isinstance(platform, TakesPlace):
        problem = f"no release can be deployed to `{platform.kind}` any more"
        raise ConfigurationError(file="backout.yaml", key="platform", problem=problem)
    return platform
