"""Whose yes a plan needs, and what needs none."""

from __future__ import annotations

from domain.database.way_back import with_the_code
from domain.policy import Consent
from domain.request import Request
from domain.situation import Situation


def consent_for(request: Request, consent: Consent, *, blind: bool) -> Consent | None:
    """Whom to ask: nobody with --force; a blind switch is always asked about unless it is critical."""
    if request.force:
        return None
    if blind:
        return consent.model_copy(update={"people": max(1, consent.people)})
    asked = consent.people > 0 and (consent.when_automatic or not request.automatic)
    return consent if asked else None


def ends_a_canary(situation: Situation) -> bool:
    """Whether traffic is taken from a release that never had all of it: a deploy that was cut off would do so unasked.

    What is done to the database is asked about as always.
    """
    serving = situation.survey.slot(situation.survey.serving)
    served = {row.version for row in situation.releases if row.served_since}
    shared = bool(situation.survey.shares) and serving is not None and serving.version not in served
    return shared and not changes_database(situation)


def changes_database(situation: Situation) -> bool:
    """Whether the database is changed with the code."""
    study = situation.study
    return study is not None and bool(with_the_code(study, situation.request.wish).acts)
