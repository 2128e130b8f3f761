"""What was put in place again is looked at longer than usual before people are called: there is nowhere else to go."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from tasks import go_back, verify
from tasks.ended import Ended
from tasks.go_back import LAST_LOOKS, serves_again
from tasks.verify import TRIES

PLAN: Any = SimpleNamespace(from_slot="v1", from_release="v1", seen=[])


def looks_of(monkeypatch: pytest.MonkeyPatch, bad: int) -> list[str]:
    """The first `bad` looks find nobody, the others a healthy release; those that were taken."""
    verdicts: Iterator[Verdict] = iter([*[Verdict.BAD] * bad, *[Verdict.OK] * 100])
    taken: list[str] = []

    def look(*_asked: object) -> list[Finding]:
        verdict = next(verdicts)
        taken.append(verdict)
        return [Finding(name="health", on="router", verdict=verdict, said="did not answer within 3 s")]

    monkeypatch.setattr(verify, "_all_checks", look)
    monkeypatch.setattr(verify, "PAUSE_S", 0)
    monkeypatch.setattr(go_back, "started", lambda _case: None)
    return taken


def case() -> Any:
    platform = SimpleNamespace(standby=False)
    return SimpleNamespace(document=SimpleNamespace(platform=platform, health=SimpleNamespace(name="health")))


def test_it_may_take_longer_than_a_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = looks_of(monkeypatch, TRIES + 2)
    serves_again(case(), PLAN)
    assert len(taken) == TRIES + 3


def test_one_that_never_answers_calls_people(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = looks_of(monkeypatch, 100)
    with pytest.raises(Ended, match="v1 is in place again, and its health") as ended:
        serves_again(case(), PLAN)
    assert (ended.value.outcome, len(taken)) == (Outcome.STUCK, TRIES + LAST_LOOKS)
