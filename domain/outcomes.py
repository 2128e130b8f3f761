"""How an incident's run can end: one table."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Outcome(StrEnum):
    """The fifteen ends of a run."""

    ROLLED_BACK = "rolled_back"
    RESTORED = "restored"
    TURNED_OFF = "turned_off"
    RESTARTED = "restarted"
    SHIFTED = "shifted"
    DEPLOYED = "deployed"
    NOTHING_TO_DO = "nothing_to_do"
    HELD = "held"
    WONT_HELP = "wont_help"
    RESTART_FAILED = "restart_failed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    WENT_BACK = "went_back"
    STUCK = "stuck"


StateType = Literal["COMPLETED", "FAILED", "CANCELLED"]


@dataclass(frozen=True)
class End:
    """What an outcome means to the three who ask: Prefect, the person, the shell."""

    state: StateType
    state_name: str
    words: str
    next_step: str
    exit_code: int


ENDS: dict[Outcome, End] = {
    Outcome.ROLLED_BACK: End(
        "COMPLETED", "RolledBack", "traffic is on the old release and verified",
        "find the cause; the bad release is in quarantine until `backout quarantine lift APP RELEASE`", 0,
    ),
    Outcome.RESTORED: End(
        "COMPLETED", "Restored", "the database is as the plan says, and the application is verified on it",
        "find the cause; the database that was swapped out is kept: `backout db status APP` names it", 0,
    ),
    Outcome.TURNED_OFF: End(
        "COMPLETED", "TurnedOff", "the feature is off, the release stays, and nothing that was looked at is bad any more",
        "mend the integration, then turn its flag on again; where users still suffer, start it again: the release goes back then", 0,
    ),
    Outcome.RESTARTED: End(
        "COMPLETED", "Restarted", "what serves was restarted in place and is verified; the release is the same",
        "find out why it needed that; where it comes again, `backout rollback APP` takes the release back", 0,
    ),
    Outcome.DEPLOYED: End(
        "COMPLETED", "Deployed", "all traffic is on the new release, and it is verified; the one before is kept",
        "look at the dashboards while it is watched; `backout rollback APP` takes it back", 0,
    ),
    Outcome.SHIFTED: End(
        "COMPLETED", "Shifted", "a part of the traffic is on the old release, the rest stays where it was; both were looked at",
        "compare the two while it is watched; `backout rollback APP` gives the old release the rest, with `--to RELEASE` the other one", 0,
    ),
    Outcome.NOTHING_TO_DO: End(
        "COMPLETED", "NothingToDo", "the target already has the traffic", "nothing; look at `backout status`", 0,
    ),
    Outcome.HELD: End(
        "FAILED", "Held", "nothing was switched, because no safe way is known",
        "read the plan's reasons; mend what they name (`backout doctor APP` helps), name another release (a rollback: --to), or fix forward", 1,
    ),
    Outcome.WONT_HELP: End(
        "FAILED", "WontHelp", "going back will not help: the old release is no better, or a release is not the cause",
        "look at what both share: database, cache, network, a third party", 1,
    ),
    Outcome.RESTART_FAILED: End(
        "FAILED", "RestartFailed", "the restart in place did not come to its end, or users are no better off; the release is the same",
        "`backout rollback APP` takes the release back; `backout doctor APP` says what is wrong", 1,
    ),
    Outcome.REJECTED: End(
        "CANCELLED", "Rejected", "a person said no, or cancelled the run; nothing was changed",
        "follow what they said; start it again when it is settled", 1,
    ),
    Outcome.EXPIRED: End(
        "CANCELLED", "Expired", "nobody answered before the deadline", "call the next contact, then start it again", 1,
    ),
    Outcome.SUPERSEDED: End(
        "CANCELLED", "Superseded", "another run took over", "follow that run: `backout status`", 1,
    ),
    Outcome.WENT_BACK: End(
        "FAILED", "WentBack", "the target did not verify, so traffic is where it was before",
        "both errors are in the report; page the next contact", 1,
    ),
    Outcome.STUCK: End(
        "FAILED", "Stuck", "neither the target nor the way back could be verified",
        "act by hand now: `backout doctor APP` says what is wrong and what mends it; else docs/when-backout-fails.md", 1,
    ),
}  # fmt: skip


WATCHED = (Outcome.ROLLED_BACK, Outcome.RESTARTED, Outcome.SHIFTED, Outcome.DEPLOYED)
"""The ends after which what serves is watched for a while."""


def next_step(outcome: Outcome, application: str, bad_release: str | None = None) -> str:
    """The outcome's next step with this application, and the release rolled back from, in its commands: to be pasted."""
    return named(ENDS[outcome].next_step, application, bad_release)


def named(step: str, application: str, bad_release: str | None = None) -> str:
    """A step with its placeholders APP and RELEASE filled in, as far as they are known."""
    given = {"APP": application, **({"RELEASE": bad_release} if bad_release else {})}
    return re.sub(
        r"\b(APP|RELEASE)\b",
        lambda match: shlex.quote(given[match[0]]) if match[0] in given else match[0],
        step,
    )
