"""What only explains: decided on the situations of `test_assess.py`."""

from domain.assess import assess
from domain.findings import Finding, Verdict
from domain.plan import Decision
from tests.domain.test_assess import NOON, RELEASES, release, situation


def test_a_log_says_why_and_decides_nothing() -> None:
    old = Finding(
        name="log", on="blue", verdict=Verdict.BAD, said="9 of the last 100 log lines are errors", at=NOON
    )
    served = situation(
        health={"blue": "ok"}, releases=[release("v3", "green", quarantined_by="one"), *RELEASES[1:]]
    )
    back = served.survey.model_copy(update={"serving": "blue", "through_router": [], "clues": [old]})
    assert assess(served.model_copy(update={"survey": back})).decision is Decision.NOTHING_TO_DO
    bad = situation().survey.model_copy(update={"clues": [old]})
    plan = assess(situation().model_copy(update={"survey": bad}))
    assert f"blue says: {old.said}" in plan.why
    assert old in plan.seen
