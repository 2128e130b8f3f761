"""Answers by Slack's buttons: who pressed is looked up in `contacts`, the answer is given as by the CLI, and they are told."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from prefect.logging import get_logger

from blocks.channels.slack import Slack
from blocks.home import Home
from blocks.installation import Installation, installation
from blocks.slack import buttons
from blocks.slack.buttons import Choice
from blocks.slack.interaction import Interaction, read
from blocks.slack.replies import SlackReplies
from deployments import answering
from deployments.answering import Said
from deployments.applications import Channels, names
from deployments.identity import SLACK
from deployments.one_time_codes import give_code
from domain.consent import Answer
from domain.errors import BackoutError, NotAllowed
from domain.gate import question
from domain.incident import Incident
from domain.plan import Plan


@dataclass(frozen=True)
class Known:
    """A Slack channel of an application, with its secrets."""

    application: str
    channel: Slack


def slack_channels(here: Installation) -> list[Known]:
    """The channels of all applied applications whose buttons can be answered here; one that lacks a secret is left out."""
    found = []
    for application in names(here):
        channels = Channels(here, application)
        for name, entry in channels.entries.items():
            if entry.get("kind") == SLACK:
                with suppress(BackoutError, ValueError):
                    found.append(Known(application, _slack(channels[name])))
    return [known for known in found if known.channel.interactive]


def _slack(channel: Any) -> Slack:
    if not isinstance(channel, Slack):
        raise ValueError(channel.kind)  # noqa: TRY004 - an entry that names another kind
    return channel


def react(home: Home, payload: Mapping[str, Any], came_by: Collection[Known]) -> None:
    """Do what was pressed or sent, and tell whoever did it. Whatever fails, Slack is not asked to send it again.

    Args:
        home: this host's Backout.
        payload: Slack's interaction, of which it is certain that it is Slack's.
        came_by: the channels of the Slack app that it came through. That app answers, and of an application that has no
            channel of it nothing is said.
    """
    log = get_logger("backout.slack")
    try:
        interaction = read(payload)
    except ValueError as error:
        log.warning("an interaction was not understood: %s", error)
        return
    if interaction is None:
        return
    with installation(home) as here:
        try:
            _react(here, interaction, came_by)
        except BackoutError as error:
            log.warning("%s", error.what())
        except Exception:  # nobody else would say it: Slack has its answer, and its SDK is kept silent
            log.exception("an answer in Slack met a defect, and may not be kept: `backout status` shows it")


def _react(here: Installation, interaction: Interaction, came_by: Collection[Known]) -> None:
    incident = here.store.incident(interaction.incident)
    channel = _asked_in(
        interaction, [one.channel for one in came_by if one.application == incident.application]
    )
    if channel is None:
        return
    try:
        said = _done(here, channel, interaction, incident)
    except BackoutError as error:
        said = f"{error.what()}. Next: {error.next_step()}"
    if said:
        SlackReplies.of(channel).tell_one(interaction.channel, interaction.user, said)


def _asked_in(interaction: Interaction, channels: list[Slack]) -> Slack | None:
    """The one that asked: an app may be installed in two workspaces, with a token for each. By its id, else the first."""
    named = [channel for channel in channels if channel.channel == interaction.channel]
    return next(iter([*named, *channels]), None)


def _done(here: Installation, channel: Slack, interaction: Interaction, incident: Incident) -> str:
    """What became of it, in words; empty where a window asks further. Raises NotAllowed, DataLossNotAccepted, Unreachable."""
    member = f"Slack member {interaction.user}"
    plan = answering.asked_plan(here, incident, member, "answer")
    if interaction.about != question(plan):
        why = "another question is open by now: this one was answered"
        wanted = f"answer incident {incident.id}"
        raise NotAllowed(
            person=member, wanted=wanted, why=why, step="press a button under the newest request"
        )
    answering.allowed(here, incident, plan, SLACK, interaction.user)
    if interaction.choice is Choice.CODE:
        given = give_code(here, incident.id, SLACK, interaction.user)
        return f"{given.code}: your code for Prefect's form, once, until {given.until:%H:%M:%S} UTC"
    window = _window(interaction, plan, incident) if interaction.trigger else None
    if window is not None and interaction.trigger is not None:
        SlackReplies.of(channel).open_window(interaction.trigger, window)
        return ""
    return _delivered(here, interaction, incident)


def _window(interaction: Interaction, plan: Plan, incident: Incident) -> dict[str, Any] | None:
    """The window that a press opens; None where the press says all."""
    where = f"{incident.id} {interaction.about}".strip(), interaction.channel
    if interaction.choice is Choice.REJECT:
        return buttons.reason_window(*where)
    if interaction.choice is Choice.INSTEAD and plan.offers:
        return buttons.instead_window(*where, plan.offers)
    if interaction.choice is Choice.APPROVE and plan.confirm_rows:
        return buttons.rows_window(*where, plan.confirm_rows, plan.database.at_risk if plan.database else [])
    return None


ANSWERS = {Choice.APPROVE: Answer.APPROVE, Choice.REJECT: Answer.REJECT, Choice.INSTEAD: Answer.INSTEAD}


def _delivered(here: Installation, interaction: Interaction, incident: Incident) -> str:
    said = Said(
        ANSWERS[interaction.choice], interaction.user, interaction.reason, SLACK, interaction.rows, interaction.instead
    )  # fmt: skip
    given = answering.deliver(here, incident.id, said)
    return f"{incident.application}: {given.what}"
