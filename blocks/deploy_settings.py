"""`deploy`: how a new release comes into its slot, and how it gets the traffic."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator

from blocks.adapter import chosen_from
from blocks.http_request import Path
from blocks.placeholders import placeholders
from blocks.section import Section
from blocks.signals.contract import Signal
from domain.canary import Limits
from domain.policy import Consent
from domain.shares import WHOLE

WORDS = {"slot", "release"}


class OnTrouble(StrEnum):
    """What the watch after a deploy does about trouble."""

    ROLL_BACK = "roll_back"
    TELL = "tell"


def _known_words(argv: list[str]) -> list[str]:
    if unknown := sorted(placeholders(argv) - WORDS):
        raise ValueError(f"{{{unknown[0]}}} stands for nothing (known: {{slot}}, {{release}})")
    return argv


def _rising(steps: list[int]) -> list[int]:
    if steps != sorted(set(steps)) or not all(0 < step <= WHOLE for step in steps):
        raise ValueError(f"steps must rise, from more than 0 to {WHOLE} at most")
    return steps


Signals = list[Annotated[SerializeAsAny[Signal], chosen_from("signals")]]


class Deploy(Section):
    """How a new release is deployed: NotesHub "Deployment Flow", FlappyJournal's deploy-blue-green."""

    install: Annotated[list[str], AfterValidator(_known_words)] = Field(
        default_factory=list,
        description="Command that puts a release into an idle slot, as an argument list with `{slot}` and `{release}`."
        " `processes` needs none: where one is given, it runs first. On a platform without a standby it puts the release in"
        " the place of the one that serves; `checkout` needs none there, and runs none.",
    )
    install_timeout_s: float = Field(default=600.0, gt=0, le=7200, description="Seconds for that command.")
    before: Signals = Field(
        default_factory=list,
        description="What must be ok before anything is changed, looked at on the slot that serves: tests (`command`), their"
        " results (`smoke_result`: JUnit XML or JSON). `promote` looks at them on staging.",
    )
    backup: bool = Field(default=True, description="Back the database up first, where there is one.")
    steps: Annotated[list[int], AfterValidator(_rising)] = Field(
        default=[10, 25, 50, WHOLE],
        description="Per cent of the traffic, rising; rounded up to what the router can give. A router without weights gives"
        " all at once.",
    )
    gates: list[int] = Field(
        default_factory=list,
        description="Shares of `steps`, each below 100: after its analysis a person says yes before more traffic follows. Who, and"
        " how long they have, is `consent`; one person at least. A no, or silence, takes all traffic back. Where the router gives"
        " all at once the yes is asked for before.",
    )
    step_s: float = Field(default=60.0, ge=0, description="Seconds that a step is looked at, at least.")
    every_s: float = Field(default=5.0, gt=0, description="Seconds between two looks in a step.")
    wait_s: float = Field(
        default=300.0,
        gt=0,
        description="Seconds that a step waits for data beyond `step_s`; then traffic goes back.",
    )
    watch_s: float = Field(
        default=60.0,
        ge=0,
        description="Seconds the run itself watches after 100 %, and takes traffic back on trouble; the watch of the"
        " policy follows.",
    )
    path: Path = Field(
        default="/", description="What is asked of both slots, at their own addresses, to compare them."
    )
    requests: int = Field(default=20, ge=1, le=10_000, description="Requests to each slot in one look.")
    limits: Limits = Field(default_factory=Limits, description="From when on the new release is worse.")
    signals: Signals = Field(
        default_factory=list,
        description="What else must not be bad in a step, looked at on the new slot: a `prometheus` query, a `log_rate`.",
    )
    on_trouble: OnTrouble = Field(
        default=OnTrouble.ROLL_BACK,
        description="What the watch of the policy does about trouble after a deploy: `roll_back` starts the rollback, with the"
        " consent that the policy asks for; `tell` calls people, and leaves it to them.",
    )
    good_after_s: float = Field(
        default=1800.0,
        ge=0,
        description="Seconds that a release must be seen to serve well until that is evidence, and it is preferred to go back to;"
        " a watch of the policy that ended well is enough, also where it is shorter (NotesHub: at least 30 minutes).",
    )
    keep_warm_s: float | None = Field(
        default=48 * 3600.0,
        ge=0,
        description="Seconds that the release before stays up after a deploy (NotesHub: 24 to 48 hours). Then its slot is stopped,"
        " where it can be started again and the release that serves is good by evidence. null: it stays up.",
    )
    pinned: int = Field(
        default=3,
        ge=1,
        le=50,
        description="How many of the last releases that served are held against the clean-up of the host once a deploy is committed:"
        " `docker image prune`, `git gc`, `revisionHistoryLimit`. `compose`, `checkout` and `kubernetes` hold them.",
    )
    consent: Consent = Field(
        default_factory=lambda: Consent(people=0),
        description="Whose yes each deploy needs; `people: 0` asks nobody.",
    )
    blind: bool = Field(
        default=False,
        description="Whether `consent` alone says who is asked on a platform without a standby too. By default one person at"
        " least is: nobody can look at the release before it serves.",
    )

    @model_validator(mode="after")
    def _gates_are_steps(self) -> Self:
        """A gate that no step reaches would ask nobody."""
        known = [step for step in self.steps if step < WHOLE]
        if unknown := [gate for gate in self.gates if gate not in known]:
            raise ValueError(f"gates: {unknown[0]} is none of the steps below {WHOLE}: {known}")
        return self
