"""`drill`: how an application's way back is drilled, and what a drill must keep."""

from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from blocks.secrets import has_reference
from blocks.section import Section
from domain.drill import Objectives
from domain.outcomes import Outcome

FIRST_MONDAY = "FREQ=MONTHLY;BYDAY=1MO;BYHOUR=10;BYMINUTE=0;BYSECOND=0"
"""NotesHub "Monthly Rollback Drill"."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone: write one like Europe/Lisbon") from None
    return name


RULE = r"^FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)(;[A-Z]+=[A-Z0-9,+-]+)*$"


Command = Annotated[list[str], Field(min_length=1)]


class DrillFault(Section):
    """How to break what serves, and how to mend it. `{slot}`, `{release}` and `{seconds}` are filled in."""

    inject: Command = Field(description="The program and its arguments; returns when the fault is there.")
    undo: Command = Field(description="The same for the way back; must do nothing where there is no fault.")
    ends: Outcome = Field(
        default=Outcome.ROLLED_BACK,
        description="How its incident must end. `wont_help` for what both releases suffer from, as a full database.",
    )


class DrillSettings(Section):
    """A drill: what it deploys, what it breaks, when."""

    faults: dict[str, DrillFault] = Field(
        min_length=1, description="Name -> commands; the first is drilled unless another one is named."
    )
    deploy: list[str] = Field(
        default_factory=list,
        description="Puts the test release `{release}` to users, and returns when it serves. Empty: what serves is broken.",
    )
    env: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Variable -> value for its commands, beside PATH, HOME and the like.",
    )
    channel: str | None = Field(
        default=None,
        description="The channel that hears of a drill, alone, but for a call for help. Empty: all but status pages."
        " Each message is marked as a drill's.",
    )
    objectives: Objectives = Field(
        default_factory=Objectives, description="What must be kept; else the drill fails."
    )
    path: str = Field(default="/", pattern="^/", description="What the probe asks for through the router.")
    rate: float = Field(default=20.0, gt=0, le=1000, description="Requests a second that the probe sends.")
    patience_s: float = Field(
        default=600.0,
        gt=0,
        le=3000,
        description="Seconds until a drill without an end is given up and undone.",
    )
    schedule: str | None = Field(
        default=FIRST_MONDAY,
        pattern=RULE,
        description="A recurrence rule of RFC 5545; null: by hand only. Never where it is production.",
    )
    production: bool | None = Field(
        default=None,
        description="Whether it is drilled by hand only, and its name must be typed. Null: where a part of the environment's"
        " name is prod, prd, production or live, as in `production-eu`.",
    )
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="UTC", description="In which the schedule's hours are."
    )


def command_with_secret(drill: Any) -> str | None:
    """The key of the raw drill's command that holds a reference: who lists processes would read its value. None where none does."""
    if not isinstance(drill, Mapping):
        return None
    commands = {"drill.deploy": drill.get("deploy")}
    faults = drill.get("faults")
    for name, fault in faults.items() if isinstance(faults, Mapping) else ():
        ways = fault.items() if isinstance(fault, Mapping) else ()
        commands |= {f"drill.faults.{name}.{way}": argv for way, argv in ways}
    return next((key for key, argv in commands.items() if has_reference(argv)), None)


def drillable(drill: DrillSettings | None, info: ValidationInfo) -> DrillSettings | None:
    """Its channel must be one of the document's: a slip of the pen would leave consent unasked. Raises ValueError."""
    channels: list[Any] = info.data.get("channels") or []
    names = [channel.name for channel in channels]
    if drill and drill.channel is not None and drill.channel not in names:
        raise ValueError(f"channel {drill.channel!r} is none of the channels (allowed: {', '.join(names)})")
    return drill
