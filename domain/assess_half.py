"""The plan where a deploy without a standby was cut off half-way: the release that served is put in place again, and no older one."""

from __future__ import annotations

from domain.acts import acts_of
from domain.asking import changes_database
from domain.assess import plan_base
from domain.plan import Decision, Plan
from domain.situation import Situation


def undo_half(situation: Situation) -> Plan | None:
    """Back to the release that served before such a deploy; None where none was cut off, or another release is asked for.

    Until its last step the release before counts as the serving one, so every other choice would be one release too old.
    Nobody is asked: the deploy itself would have gone back. There is no way back from it to what never had the place.
    """
    survey, request = situation.survey, situation.request
    serving = survey.slot(survey.serving)
    if situation.half is None or serving is None or request.only or changes_database(situation):
        return None
    if request.to is not None and request.to not in (serving.version, *serving.also):
        return None
    why = f"a deploy began to put {situation.half} in its place, and was cut off; {serving.version} gets it back"
    return plan_base(situation, serving, Decision.ROLL_BACK, [why]).model_copy(
        update={
            "from_release": situation.half,
            "from_slot": None,
            "from_shares": {},
            "acts": acts_of(situation),
            "blind": True,
        }
    )
