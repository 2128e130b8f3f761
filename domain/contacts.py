"""Whom to call, when, and who they are on each channel: the escalation path, and who may answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Way = Literal["unix", "slack"]


class Setting(BaseModel):
    """A part of the document: unknown keys raise, values never change, input is never shown in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Hours(Setting):
    """When somebody can be called: business hours. A contact without them can be called around the clock."""

    days: list[Day] = Field(
        default_factory=lambda: list(DAYS[:5]), min_length=1, description="The days, `mon` to `sun`."
    )
    opens: time = Field(default=time(9), description='First minute, "09:00".')
    closes: time = Field(default=time(18), description='First minute that is too late, "18:00".')
    timezone: str = Field(default="UTC", description="Whose clock: a name like `Europe/Berlin`.")

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, LookupError):
            raise ValueError("is no time zone; write it like Europe/Berlin") from None
        return name

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes; leave `hours` out for around the clock")
        return self

    def hold(self, at: datetime) -> bool:
        """Whether the moment, which has a time zone, lies in them."""
        there = at.astimezone(ZoneInfo(self.timezone))
        return DAYS[there.weekday()] in self.days and self.opens <= there.time() < self.closes

    def __str__(self) -> str:
        return f"{', '.join(self.days)} {self.opens:%H:%M}-{self.closes:%H:%M} {self.timezone}"


class Identities(Setting):
    """Who somebody is where they answer."""

    unix: str | None = Field(
        default=None, pattern=r"^[a-z_][a-z0-9_.-]{0,63}$", description="Login name on the host of `serve`."
    )
    slack: str | None = Field(
        default=None,
        pattern=r"^[UW][A-Z0-9]{2,30}$",
        description="Member id in Slack, `U012AB3CD`; not the name.",
    )


class Contact(Setting):
    """Somebody to call, in the order of the escalation path."""

    role: str = Field(
        min_length=1, description="On-call engineer, DevOps lead, engineering manager, CTO, a supplier ..."
    )
    reach: str = Field(description="A phone number, handle or address.")
    name: str | None = Field(
        default=None, min_length=1, description="Who it is, where that is always the same person."
    )
    identities: Identities = Field(
        default_factory=Identities,
        description="Who they are on the host and in Slack; who has none cannot be an approver.",
    )
    hours: Hours | None = Field(
        default=None, description="When they can be called; around the clock without it."
    )
    after_s: int | None = Field(
        default=None, ge=0,
        description="Seconds after a request was sent that they are called, where the policy escalates; else when the one before had the consent's `deadline_s`.",
    )  # fmt: skip
    supplier: bool = Field(
        default=False,
        description="An external supplier: printed for people to call, never asked for consent.",
    )

    @property
    def person(self) -> str:
        """The one name under which answers of this person count, whichever way they came."""
        return self.identities.unix or self.name or self.identities.slack or self.role

    @property
    def said(self) -> str:
        """How and when to reach them, for people: `+49 30 5550 0104 (mon, tue 09:00-18:00 UTC)`."""
        notes = [*(["supplier"] if self.supplier else []), *([str(self.hours)] if self.hours else [])]
        return f"{self.reach} ({'; '.join(notes)})" if notes else self.reach

    @property
    def title(self) -> str:
        """`lead, bob`, or the role alone."""
        return f"{self.role}, {self.name}" if self.name else self.role


@dataclass(frozen=True)
class Person:
    """Somebody who answers.

    Attributes:
        name: the one name they have, whichever way they came.
        roles: their roles and further names, as `approvers` may hold them.
    """

    name: str
    roles: tuple[str, ...] = ()


def person(contacts: Iterable[Contact], way: Way, identity: str) -> Person | None:
    """Who has this identity; None where no contact has."""
    found = [one for one in contacts if getattr(one.identities, way) == identity]
    return _person(found[0].person, found) if found else None


def called(contacts: Iterable[Contact], name: str) -> Person:
    """Who says that they are called so: a contact's person or name, or somebody whom no contact knows."""
    found = [one for one in contacts if name in (one.person, one.name)]
    return _person(found[0].person if found else name, found)


def _person(name: str, contacts: Sequence[Contact]) -> Person:
    known = [word for one in contacts if not one.supplier for word in (one.role, one.name) if word]
    return Person(name, tuple(dict.fromkeys(known)))


def approvers(contacts: Iterable[Contact], wanted: Sequence[str]) -> dict[str, set[str]]:
    """Role or name as the policy has it -> the people with an identity that it means; empty where it means nobody."""
    able = [one for one in contacts if not one.supplier and (one.identities.unix or one.identities.slack)]
    return {word: {one.person for one in able if word in (one.role, one.name, one.person)} for word in wanted}


class Step(BaseModel):
    """One call of the escalation path. `at`: when it is made, where nobody answered before."""

    model_config = ConfigDict(frozen=True)

    who: str
    reach: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.who} is called at {self.at:%H:%M:%S} UTC ({self.reach})"


def path(contacts: Iterable[Contact], asked: datetime, step_s: float) -> tuple[list[Step], datetime]:
    """Whom an unanswered request goes to, and when it ends.

    The first contact is called with the request, each further one when the one before has had `step_s` seconds, or at its own
    `after_s`. Who is out of hours then is passed over, and a supplier always. It ends `step_s` after the last call.
    """
    steps: list[Step] = []
    due = asked
    for contact in contacts:
        at = due if contact.after_s is None else asked + timedelta(seconds=contact.after_s)
        if contact.supplier or (contact.hours and not contact.hours.hold(at)):
            continue
        steps.append(Step(who=contact.title, reach=contact.reach, at=at))
        due = at + timedelta(seconds=step_s)
    steps.sort(key=lambda step: step.at)
    last = steps[-1].at if steps else asked
    return steps, last + timedelta(seconds=step_s)


def problem(contacts: Sequence[Contact], consent: tuple[int, Sequence[str], bool]) -> str:
    """What keeps people from answering as the policy wants, in one line; empty where nothing does.

    Args:
        contacts: the escalation path.
        consent: how many people are asked, whose answer counts, and whether an unanswered request walks the path.
    """
    people, wanted, escalates = consent
    known = approvers(contacts, wanted)
    nobody = [word for word, found in known.items() if not found]
    if nobody:
        roles = ", ".join(dict.fromkeys(one.role for one in contacts)) or "none"
        return f"approvers: {', '.join(nobody)}: no contact with `identities` has this role or name (roles: {roles})"
    able = set().union(*known.values()) if known else set()
    if wanted and people > len(able):
        return f"approvers: {people} people are asked, and only {len(able)} may answer"
    if escalates and all(one.supplier for one in contacts):
        return "at_deadline: escalate needs `contacts`: whom to call next"
    return ""


def two_people(contacts: Sequence[Contact]) -> str:
    """An identity, or the name of who has one, that two people have, in words; empty where each is one person's.

    One name with a login in one entry and a member id in another would be two people, and could say yes twice.
    """
    owners: dict[tuple[str, str], set[str]] = {}
    for one in contacts:
        proofs = one.identities.model_dump(exclude_none=True)
        named = {"name": one.name} if proofs and one.name else {}
        for way, identity in {**named, **proofs}.items():
            owners.setdefault((way, identity), set()).add(one.person)
    shared = [
        f"{way} {identity} is {' and '.join(sorted(who))}"
        for (way, identity), who in owners.items()
        if len(who) > 1
    ]
    return "; ".join(shared)
