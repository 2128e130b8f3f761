"""Gates of a deploy: the shares after whose analysis a person says yes before more traffic follows. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from domain.assess_deploy import SHIFT
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.plan import Plan
from domain.rollout import Gate
from domain.shares import WHOLE


class Step(BaseModel):
    """One step that is left. `given`: it was given and analysed before, and only its gate is left."""

    model_config = ConfigDict(frozen=True)

    share: int
    given: bool = False


def at_gate(plan: Plan, gate: Gate) -> Plan:
    """What is asked at the gate, as a plan of its own: another digest, so that no other yes counts for it.

    Raises ValueError where the plan has no gates.
    """
    rollout = plan.rollout
    if rollout is None or rollout.keeper is None:
        raise ValueError("only a deploy with gates has one")
    after = next(step for step in rollout.steps if step > gate.share)
    why = [
        f"{plan.to_release} was given {gate.share} % and analysed: {gate.said}",
        f"with a yes it gets {after} %",
    ]
    return plan.model_copy(
        update={
            "consent": rollout.keeper,
            "deadline_s": rollout.keeper.deadline_s,
            "made_at": gate.at,
            "why": [*why, *plan.why],
            "acts": plan.acts[plan.acts.index(SHIFT) :] if SHIFT in plan.acts else plan.acts,
            "rollout": rollout.model_copy(update={"gate": gate}),
        }
    )


def gate_of(plan: Plan) -> Gate | None:
    """The gate that this plan asks about; None where it is the deploy's own."""
    return plan.rollout.gate if plan.rollout else None


def question(plan: Plan) -> str:
    """`gate 50`: which of an incident's questions it is; empty for the plan itself."""
    gate = gate_of(plan)
    return f"gate {gate.share}" if gate else ""


def closed(plan: Plan) -> str:
    """What a no, or silence, does at a gate; empty for the deploy's own plan, and every other."""
    return f"all traffic goes back to {plan.from_release}" if gate_of(plan) else ""


def asked_at(entry: Entry) -> Gate | None:
    """The gate that this request for consent was about; None where it was about the plan itself."""
    return Gate.model_validate(entry.data["gate"]) if entry.data.get("gate") else None


def asked_about(plan: Plan, entries: Iterable[Entry]) -> Plan:
    """What people were asked about last: the plan itself, or one of its gates."""
    asked = [entry for entry in entries if entry.kind == Happened.CONSENT_ASKED]
    gate = asked_at(asked[-1]) if asked else None
    return at_gate(plan, gate) if gate else plan


def waits_at(entries: Iterable[Entry]) -> Gate | None:
    """The gate at which a deploy stands: people were asked there, and it did not go on since. None where it is elsewhere."""
    gate = None
    for entry in entries:
        if entry.kind == Happened.CONSENT_ASKED:
            gate = asked_at(entry)
        elif entry.kind in (Happened.RESUMED, Happened.WENT_BACK) or (
            entry.kind == Happened.ACT_STARTED and entry.data.get("act") == SHIFT
        ):
            gate = None
    return gate


def analysed(entries: Iterable[Entry], share: int) -> Gate:
    """The gate after the step that was just analysed. Raises IndexError where it was not."""
    judged = [entry for entry in entries if entry.kind == Happened.JUDGED and entry.data["share"] == share]
    return Gate(share=share, said=str(judged[-1].data["said"]), at=judged[-1].at)


def steps_left(plan: Plan, entries: Iterable[Entry]) -> list[Step]:
    """The steps still to be given; of a deploy that stands at a gate that one first."""
    gate = waits_at(entries)
    steps = [Step(share=share) for share in (plan.rollout.steps if plan.rollout else [WHOLE])]
    if gate is None:
        return steps
    return [Step(share=gate.share, given=True), *(step for step in steps if step.share > gate.share)]
