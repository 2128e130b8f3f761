"""The watch sees an outage while a request about something milder waits for people."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks.installation import Installation
from deployments import events
from domain.severity import Severity
from tests.deployments.test_watch import Api, api, here, sick, stage, store_url, watched_of
from tests.flows.stage import Scene

__all__ = ["api", "here", "sick", "stage", "store_url"]


@pytest.mark.parametrize(("severity", "reaction"), [(Severity.HIGH, "start"), (Severity.CRITICAL, "note")])
def test_it_starts_a_run_unless_what_waits_is_as_urgent(
    api: Api, sick: Scene, here: Installation, severity: Severity, reaction: str
) -> None:
    waiting = sick.case(here, severity=severity)
    here.store.wait(waiting.hold, datetime.now(UTC) + timedelta(minutes=5))
    watched = watched_of(sick, here)
    for _ in range(3):
        watched.look(here)
    assert [event["resource"][events.LABEL_REACTION] for event in api.events] == [reaction]
