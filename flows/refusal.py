"""Telling people of a run that did not begin: drift, a missing secret, a bad request, a block that is gone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from blocks.channels.contract import Channel
from blocks.document import policy_of
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from blocks.usable_channels import usable_channels
from domain.assess import severity_of
from domain.errors import BackoutError
from domain.message import NO_INCIDENT, Message, Moment
from domain.report.markdown import escape, prose
from domain.request import Request
from domain.severity import Severity

PATIENCE_S = 12.0


def tell_refused(here: Installation, request: Request, error: BackoutError) -> None:
    """Say on every channel that can be used that a run did not begin, and why. Best effort: the run fails anyway."""
    applied = _applied(here, request.application)
    if applied is not None:
        title = f"🆘 HELP NEEDED: {applied.application}: {request.runbook} did not begin"
        _tell(applied, _severity(applied, request), title, _said(error))


def tell_unstarted(here: Installation, application: str, automation: str, reason: str) -> bool:
    """Say that an automation wanted to start a run and could not; False where there is nobody to tell. Best effort."""
    applied = _applied(here, application)
    if applied is None or not applied.document.get("channels"):
        return False
    title = f"🆘 HELP NEEDED: {application}: an automation could not start its run"
    text = f"{escape(automation)}: {escape(reason)}. Start it yourself: `backout rollback {application}`"
    _tell(applied, Severity.HIGH, title, text)
    return True


def tell_not_followed_up(here: Installation, incident: str, step: str, why: str) -> None:
    """Say that a follow-up failed, to those who would have heard of it. Best effort: its run has failed anyway."""
    application = here.store.incident(incident).application
    applied = _applied(here, application)
    if applied is None:
        return
    look = f"Look yourself; what is open after incident {incident}: `backout incidents list {application} --open`"
    message = Message(
        incident=NO_INCIDENT,
        application=application,
        moment=Moment.FOLLOW_UP,
        severity=Severity.MEDIUM,
        title=f"⚠️ WARNING: {application}: the {step} follow-up of a rollback failed",
        text=f"{_said(why)}\n{look}",
    )
    _send(message, [channel for channel in usable_channels(applied) if channel.hears(message)])


def _said(error: BackoutError | str) -> str:
    """Line by line: its commands stay commands, and what came from outside shows as it is."""
    return "\n".join(prose(line) for line in str(error).splitlines())


def _tell(applied: Applied, severity: Severity, title: str, text: str) -> None:
    """On every channel that can be used."""
    message = Message(
        incident=NO_INCIDENT,
        application=applied.application,
        moment=Moment.ESCALATED,
        severity=severity,
        title=title,
        text=text,
    )
    _send(message, usable_channels(applied))


def _send(message: Message, channels: Sequence[Channel]) -> None:
    """On all of them at the same time."""
    pool = ThreadPoolExecutor(max(1, len(channels)), thread_name_prefix="refused")
    wait([pool.submit(channel.send, message, None) for channel in channels], PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)


def _applied(here: Installation, application: str) -> Applied | None:
    """What was last applied: its channels are the ones to tell, and its policy says how bad it is."""
    try:
        return configurations.of(here.store.database, application)
    except BackoutError:
        return None


def _severity(applied: Applied, request: Request) -> Severity:
    try:
        return severity_of(request, policy_of(applied.document))
    except ValueError:  # a policy that waits for a secret; somebody must look all the same
        return request.severity or Severity.HIGH
