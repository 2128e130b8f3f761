"""Analyse: a step of a deploy, judged while it has its share of the traffic. It waits for data, and never for a bad release."""

import time
from concurrent.futures import ThreadPoolExecutor

from blocks.platforms.contract import Platform
from blocks.routers.contract import Route
from domain.canary import NO_DATA_WITHIN, Judgement, Sampled, judge
from domain.condemn import against
from domain.errors import CanaryFailed
from domain.findings import Verdict
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.shares import WHOLE, in_words
from tasks.act import act
from tasks.case import Case
from tasks.ended import Ended, Interrupted
from tasks.look import ROUTER, at_slot, place_of, through_router
from tasks.take_place import sample, sampled_before

BAD_IN_A_ROW = 2
"""Looks with a bad finding until it is believed: one may be a slow moment. Errors and latency are counted, and need none."""


@act("analyse")
def analyse(case: Case, plan: Plan, share: int, seconds: float) -> None:
    """Look until `seconds` are over and the step is good; a step that stays without data for `wait_s` more is bad.

    Raises:
        CanaryFailed: the step is bad; the journal says why, with numbers.
        Ended: held, where somebody else took traffic from the new release: it is left where they moved it.
        LostLock: another run went before this deploy.
    """
    step = _Step(case, plan)
    settings, began = case.document.deploy, time.monotonic()
    while True:
        _still_shared(case, plan, share)
        found = step.look()
        age = time.monotonic() - began
        if found.verdict is Verdict.NO_DATA and age >= seconds + settings.wait_s:
            found = Judgement(verdict=Verdict.BAD, said=f"{NO_DATA_WITHIN} {age:.0f} s: {found.said}")
        if found.verdict is Verdict.BAD or (found.verdict is Verdict.OK and age >= seconds):
            break
        _pause(case, min(settings.every_s, max(seconds - age, 0.0) or settings.every_s))
    case.note(Happened.JUDGED, share=share, verdict=found.verdict, said=found.said)
    if found.verdict is Verdict.BAD:
        raise CanaryFailed(release=plan.to_release or "", share=share, why=found.said)


def watch_release(case: Case, plan: Plan) -> None:
    """The same at 100 %, for `watch_s`: the release before is still up, or kept, to be compared with and to go back to."""
    if case.document.deploy.watch_s:
        analyse(case, plan, WHOLE, case.document.deploy.watch_s)


def moved_by_others(route: Route) -> Ended:
    """The end of a deploy that somebody else moved traffic away from."""
    said = in_words(route.served) or "no known slot"
    return Ended(Outcome.HELD, f"somebody else moved traffic: it is on {said}, and is left there")


def _still_shared(case: Case, plan: Plan, share: int) -> None:
    route = case.document.platform.route()
    if plan.to_slot not in route.served or (share == WHOLE and len(route.served) > 1):
        raise moved_by_others(route)


class _Step:
    """What was seen of both slots since the step began."""

    def __init__(self, case: Case, plan: Plan) -> None:
        self._case = case
        self._plan = plan
        self._in_place = plan.rollout is not None and plan.rollout.in_place
        self._new, self._old = Sampled(), sampled_before(case) if self._in_place else Sampled()
        self._bad = 0

    def look(self) -> Judgement:
        """One look at both slots at the same time, and at what users have; in place at what was seen of the old one before."""
        document = self._case.document
        platform, settings = document.platform, document.deploy
        sides = [(self._plan.to_slot, self._new), (self._plan.from_slot, self._old)]
        with ThreadPoolExecutor(3, thread_name_prefix="canary") as pool:
            sampled = [
                pool.submit(
                    sample,
                    place_of(document, platform.slot(name or "")),
                    side,
                    settings.path,
                    settings.requests,
                )
                for name, side in (sides[:1] if self._in_place else sides)
            ]
            trouble = pool.submit(self._trouble, platform)
            for one in sampled:
                one.result()
        found = judge(self._new, self._old, settings.limits)
        return found if found.verdict is Verdict.BAD else self._with(trouble.result(), found)

    def _with(self, trouble: list[str], found: Judgement) -> Judgement:
        """A bad finding is believed when it is seen again; until then the step is not good either."""
        self._bad = self._bad + 1 if trouble else 0
        if not trouble:
            return found
        verdict = Verdict.BAD if self._bad >= BAD_IN_A_ROW else Verdict.NO_DATA
        return Judgement(verdict=verdict, said="; ".join(trouble))

    def _trouble(self, platform: Platform) -> list[str]:
        """What is wrong by itself: the new slot's health, the settings' signals there, and what users have."""
        document = self._case.document
        slot = platform.slot(self._plan.to_slot or "")
        place = place_of(document, slot)
        health = at_slot(document, slot) if slot.running else []
        down = [] if slot.running else [f"{slot.name} is down: {slot.detail}"]
        signals = [signal.observe(place) for signal in document.deploy.signals]
        brief = [check for check in document.checks if check.brief]
        users = through_router(document, [document.health, *brief], slot.name)
        return [
            *down,
            *(f"{slot.name}: {row.name}: {row.said}" for row in health if not row.ok),
            *(f"{slot.name}: {row.name}: {row.said}" for row in signals if row.bad),
            *against(users, health=document.health.name, users=ROUTER, before=self._plan.seen),
        ]


def _pause(case: Case, seconds: float) -> None:
    """Until the next look. Who went before this deploy does not wait for its step to end."""
    if case.stopping.wait(seconds):
        raise Interrupted("analyse")
    case.ledger.check(case.hold)
