"""All decisions of an incident once more, step by step, from its record alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.replay import deciding
from domain.replay.consenting import consent
from domain.replay.detecting import detected, started_by
from domain.replay.looking import looks
from domain.replay.step import Step, missing
from domain.report.record import Record, error_text


class Replay(BaseModel):
    """An incident's decisions, replayed.

    Attributes:
        outcome: how it ended; None while it is open.
        started_by: who or what asked for the run.
        ended_because: the run's own last words on it; those of whoever ended it, where it had none.
        planned: whether the run came to a plan: without one nothing of it can be decided again.
        damage: what is wrong with the journal itself; nothing that follows can be believed where there is some.
        decided_by: the version of Backout that made the plan; empty where it is not known.
    """

    model_config = ConfigDict(frozen=True)

    incident: str
    application: str
    started_by: str
    outcome: Outcome | None
    ended_because: str
    planned: bool
    damage: list[str]
    decided_by: str
    steps: list[Step]

    @property
    def same(self) -> bool:
        """Whether the record is whole and every decision that can be made again comes out the same, the plan among them.

        A run that was cancelled, or failed, before it had a plan decided nothing: there is nothing that could differ.
        """
        again = not self.planned or any(step.name == "plan" and step.same for step in self.steps)
        return not self.damage and again and all(step.same is not False for step in self.steps)


def replay(incident: Incident, entries: Iterable[Entry], key: bytes, damage: Sequence[str] = ()) -> Replay:
    """Decide again. Pure: what it looks at is the record.

    Args:
        incident: its own row.
        entries: its journal.
        key: the one that approvals are signed with.
        damage: what is wrong with the chain, as `domain.journal.problems` says.
    """
    record = Record(entries)
    planned = record.first(Happened.PLANNED)
    return Replay(
        incident=incident.id,
        application=incident.application,
        outcome=incident.outcome,
        started_by=started_by(incident.request),
        ended_because=_last_words(record),
        planned=planned is not None or incident.plan is not None,
        damage=list(damage),
        decided_by=str(planned.data.get("backout", "")) if planned else "",
        steps=_steps(incident, record, key),
    )


def _last_words(record: Record) -> str:
    said = [row.data.get("why", "") for row in record.all(Happened.ENDING, Happened.CLOSED)]
    return error_text(next((words for words in reversed(said) if words), ""))


def _steps(incident: Incident, record: Record, key: bytes) -> list[Step]:
    try:
        plan, situation = record.plan(), deciding.situation_of(record)
    except ValidationError as error:
        return [deciding.unreadable(record, error)]
    if plan is None:
        return [missing("plan", "none was made", _why_no_plan(record))]
    if situation is None:
        return [missing("plan", plan.said, "the record does not hold what it rests on"), *looks(record, plan)]
    return [
        *detected(situation),
        deciding.severity(situation, plan),
        *deciding.target(situation, plan),
        deciding.decision(situation, plan),
        deciding.kept(incident, plan),
        *consent(incident, record, plan, key),
        *looks(record, plan),
    ]


def _why_no_plan(record: Record) -> str:
    failed = record.last(Happened.ACT_FAILED)
    return error_text(failed.data.get("error")) if failed else "the incident did not come to a decision"
