"""The plan of a deploy: the new release goes into an idle slot, and gets the traffic by steps. Its way back is in the plan.

Where there is no standby it takes the place of the one that serves, blind, and is compared with what was seen of that before.

NotesHub "Best Practices" 1: never deploy without knowing how to go back. Where nobody could, the deploy holds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.asking import consent_for
from domain.assess import plan_base
from domain.findings import summary
from domain.plan import Decision, Plan
from domain.policy import AtDeadline, Consent
from domain.quarantine import refused
from domain.release import Slot, placed
from domain.rollout import Rollout, Terms, Upward, gates_of, keeper
from domain.shares import in_words
from domain.situation import Situation
from domain.target import known_good

VALIDATE, BACK_UP, MIGRATE_UP, INSTALL = "validate", "back up before", "migrate up", "install"
SMOKE, SHIFT, WATCH = "smoke", "shift traffic", "watch"
KEEP_WAY_BACK, SAMPLE, TAKE_PLACE = "keep the way back", "sample before", "put in place"

NEVER = datetime.min.replace(tzinfo=UTC)


def assess_deploy(situation: Situation) -> Plan:
    """Deploy, do nothing where it serves already, or hold where it is refused or there would be no way back.

    Raises ValueError where the situation has no terms of a deploy, or names no release.
    """
    survey, terms, release = situation.survey, situation.deploy, situation.request.to
    if terms is None or release is None:
        raise ValueError("a deploy needs its terms and a release")
    serving = survey.slot(survey.serving)
    if survey.shares:
        shared = f"traffic is shared out: {in_words(survey.shares)}; give one release all of it first"
        held = plan_base(situation, None, Decision.HOLD, [shared])
        return held.model_copy(update={"to_release": release})
    if serving is not None and release in _names(situation, serving):
        why = f"{placed(serving.version, serving.name)} has the traffic"
        return plan_base(situation, serving, Decision.NOTHING_TO_DO, [why])
    target = _idle_slot(situation, release) if situation.standby else _place(situation, terms)
    if target is not None and target.version and release in _names(situation, target):
        release = target.version
    if why := _refused(situation, terms, release, target) or _no_way_back(situation, terms):
        return plan_base(situation, target, Decision.HOLD, [why]).model_copy(update={"to_release": release})
    if serving is None or target is None:
        raise ValueError("what is not refused has a slot to go to, and one to come back to")
    return _deploy(situation, terms, serving, target, release)


def _names(situation: Situation, slot: Slot) -> list[str | None]:
    """What its release may be asked for by; in place also a branch or a commit."""
    return [slot.version, *([] if situation.standby else slot.also)]


def _refused(situation: Situation, terms: Terms, release: str, target: Slot | None) -> str:
    """Why this release must not be deployed; empty where it may."""
    if held := refused(situation.releases, release):
        return held
    if why := _no_slot(situation, terms, release, target):
        return why
    if terms.upward and terms.upward.failed:
        return f"its migrations fail on a clone of the database: {terms.upward.failed}"
    return ""


def _no_slot(situation: Situation, terms: Terms, release: str, target: Slot | None) -> str:
    """Why there is nowhere to put it; empty where there is."""
    if not situation.standby:
        nowhere = "there is no standby on this platform: a new release would take the place of the one to go back to"
        return (terms.place.why_none if terms.place else nowhere) if target is None else ""
    if target is None:
        return "there is no idle slot to put it into"
    if target.version != release and not terms.installs:
        return f"no slot holds {release}, and nothing can put it there: set `deploy.install` in backout.yaml"
    return ""


def _no_way_back(situation: Situation, terms: Terms) -> str:
    """Why nobody could go back afterwards; empty where they could."""
    survey = situation.survey
    serving = survey.slot(survey.serving)
    if serving is None or serving.version is None:
        return "there is no way back: no one slot with a known release has the traffic"
    if not survey.healthy(serving.name):
        said = summary(survey.findings.get(serving.name, [])) or "is down"
        return f"there is no way back: {placed(serving.version, serving.name)} is not healthy: {said}"
    if terms.place and terms.place.no_way_back:
        return f"there is no way back: {terms.place.no_way_back}"
    return ""


def _place(situation: Situation, terms: Terms) -> Slot | None:
    """Where it comes without a standby; the platform may list no such slot before it is there."""
    name = terms.place.slot if terms.place else None
    return situation.survey.slot(name) or Slot(name=name) if name else None


def _idle_slot(situation: Situation, release: str) -> Slot | None:
    """The slot that holds the release, else an empty one, else the one whose release served longest ago."""
    survey = situation.survey
    idle = [slot for slot in survey.slots if slot.name != survey.serving]
    served = {row.version: row.served_since or NEVER for row in situation.releases}

    def worth(slot: Slot) -> tuple[bool, bool, datetime]:
        return slot.version != release, slot.version is not None, served.get(slot.version or "", NEVER)

    return min(idle, key=worth, default=None)


def _deploy(situation: Situation, terms: Terms, serving: Slot, target: Slot, release: str) -> Plan:
    upward, in_place = terms.upward or Upward(), terms.place is not None
    kept = "which is kept, and put in place again" if in_place else "which stays up"
    back = f"way back: {placed(serving.version, serving.name)}, {kept}"
    why = [
        *([situation.request.reason] if situation.request.reason else []),
        back,
        known_good(situation, serving),
        *_said(terms),
        *terms.difference[:1],
    ]
    plan = plan_base(situation, target, Decision.DEPLOY, [*why, *([upward.said] if terms.upward else [])])
    rollout = Rollout(
        steps=terms.steps,
        installs=target.version != release and not in_place,
        in_place=in_place,
        difference=terms.difference,
        schema_before=upward.before,
        migrations=upward.pending,
        breaks=upward.breaks,
        backup=terms.backup,
        **_gates(terms),
    )
    return plan.model_copy(
        update={
            "to_release": release,
            "acts": _acts(rollout),
            "blind": in_place,
            "consent": consent_for(
                situation.request, _asked(_before(terms), upward), blind=_asks_blind(terms)
            ),
            "deadline_s": terms.consent.deadline_s,
            "at_risk": upward.risks,
            "rollout": rollout,
        }
    )


def _gates(terms: Terms) -> dict[str, Any]:
    """The gates, and whose yes they need."""
    gates = gates_of(terms.gates, terms.steps)
    return {"gates": gates, "keeper": keeper(terms.consent)} if gates else {}


def _before(terms: Terms) -> Consent:
    """Whose yes the deploy needs. Where the router cannot stop at any gate, the gate's yes is asked for before all traffic goes."""
    lost = terms.gates and not gates_of(terms.gates, terms.steps)
    return keeper(terms.consent) if lost else terms.consent


def _said(terms: Terms) -> list[str]:
    """Where a person is asked on the way."""
    if not terms.gates:
        return []
    if gates := gates_of(terms.gates, terms.steps):
        return [
            f"a person is asked at {', '.join(f'{gate} %' for gate in gates)}, before more traffic follows"
        ]
    return ["all traffic goes at once here: the yes of a gate is asked for before the deploy"]


def _asks_blind(terms: Terms) -> bool:
    """Whether somebody must agree to what nobody can look at first."""
    return terms.place is not None and not terms.place.unasked


def _asked(consent: Consent, upward: Upward) -> Consent:
    """What the serving release, or the way back, may suffer from is always asked about; silence never approves it."""
    if not upward.risks:
        return consent
    return consent.model_copy(
        update={
            "people": max(1, consent.people),
            "when_automatic": True,
            "at_deadline": AtDeadline.REJECT,
        }
    )


def _acts(rollout: Rollout) -> list[str]:
    """What is done after the consent, first to last."""
    first = [VALIDATE, "preserve"]
    first += [BACK_UP] if rollout.backup else []
    first += [MIGRATE_UP] if rollout.migrations else []
    first += [INSTALL] if rollout.installs else []
    if rollout.in_place:
        return [*first, KEEP_WAY_BACK, "prepare", SAMPLE, TAKE_PLACE, "verify", WATCH, "report", "soak"]
    return [*first, "prepare", SMOKE, SHIFT, "verify", WATCH, "report", "soak"]
