"""Answers by Slack's buttons, over a real WebSocket of a Slack on loopback."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.home import Home
from blocks.store.database import Database
from deployments.slack_socket import Connections, connections
from domain.consent import Ruling, ruling
from domain.gate import at_gate, question
from domain.journal_kinds import Happened
from domain.plan import Decision
from domain.policy import Consent
from domain.request import Kind, Request
from domain.rollout import Gate, Rollout
from tasks.case import Case
from tests.blocks.channels.contract import message
from tests.deployments.consent_stage import (
    ANN,
    BOB,
    Api,
    Planned,
    api,
    asked,
    deliver,
    here,
    in_flow,
    planned,
)
from tests.fakes.slack import CHANNEL, TOKEN
from tests.fakes.slack_socket import APP_TOKEN, SECRET, PressedSlack, pressed, sent
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["api", "here", "in_flow", "planned", "stage", "store_url"]

APPROVE, REJECT, INSTEAD, CODE = "backout_approve", "backout_reject", "backout_instead", "backout_code"


@pytest.fixture(scope="module")
def connected(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PressedSlack, Connections]]:
    """A Slack, and the connections to it, which open the same store with the same keys as the scenes."""
    keys = {"journal": stage.key, "approvals": b"a" * 32}
    with pytest.MonkeyPatch.context() as patch, PressedSlack() as slack:
        patch.setenv("BACKOUT_DATABASE_URL", stage.url)
        patch.setattr("blocks.installation.key", lambda _home, name: keys[name])
        with closing(Database(stage.url)) as database, database.transaction() as connection:
            connection.execute("DELETE FROM backout.keys")
        with connections(Home(tmp_path_factory.mktemp("home")).ensure()) as made:
            yield slack, made


@pytest.fixture
def slack(connected: tuple[PressedSlack, Connections]) -> PressedSlack:
    connected[0].forget()
    return connected[0]


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, slack: PressedSlack) -> Scene:
    channel = {
        "kind": "slack", "token": TOKEN, "channel": CHANNEL, "app_token": APP_TOKEN, "signing_secret": SECRET,
        "base_url": slack.api,
    }  # fmt: skip
    return stage.scene(tmp_path, contacts=[ANN, BOB], channels=[channel])


Wait = Callable[..., Case]


@pytest.fixture
def wait_for_yes(planned: Planned, connected: tuple[PressedSlack, Connections]) -> Wait:
    """Makes a request that waits, with the buttons connected. ann asked for it."""

    def make(**fields: Any) -> Case:
        case = planned(Consent(people=1), **fields)
        asked(case, datetime.now(UTC) + timedelta(seconds=120))
        connected[1].bring_in_line()
        connected[0].connected()
        return case

    return make


@pytest.fixture
def waiting(wait_for_yes: Wait) -> Case:
    return wait_for_yes(offers=["config", "hotfix"])


def stands(case: Case) -> Ruling:
    rows = case.ledger.approvals(case.incident.id)
    return ruling(case.plan, rows, case.installation.approvals_key, case.request.by)


def test_approve_is_one_press(waiting: Case, slack: PressedSlack, api: Api) -> None:
    slack.send(pressed(APPROVE, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    assert slack.whispers == [("U0BOB", f"{waiting.document.name}: approved")]
    assert api.resumed == [waiting.run]
    [given] = waiting.ledger.approvals(waiting.incident.id)
    assert (given.person, given.via, given.proven) == ("bob", "slack", True)
    assert stands(waiting) is Ruling.APPROVED


@pytest.mark.usefixtures("api")
def test_a_late_press_is_told_so_and_changes_nothing(waiting: Case, slack: PressedSlack) -> None:
    deliver(waiting, person="ann")
    slack.send(pressed(REJECT, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    [(user, said)] = slack.whispers
    assert user == "U0BOB"
    assert "it was approved before" in said
    assert len(waiting.ledger.approvals(waiting.incident.id)) == 1


@pytest.mark.usefixtures("api")
def test_a_press_under_the_request_for_the_deploy_is_no_yes_at_its_gate(
    wait_for_yes: Wait, slack: PressedSlack
) -> None:
    gated = Rollout(steps=[50, 100], installs=False, gates=[50], keeper=Consent(people=1))
    case = wait_for_yes(decision=Decision.DEPLOY, rollout=gated)
    now = datetime.now(UTC)
    gate = Gate(share=50, said="0 of 20 requests failed", at=now)
    asked(case, now + timedelta(seconds=120), gate=gate.model_dump(mode="json"))
    slack.send(pressed(APPROVE, case.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    assert "press a button under the newest request" in slack.whispers[0][1]
    assert case.ledger.approvals(case.incident.id) == []
    slack.send(pressed(APPROVE, f"{case.incident.id} {question(at_gate(case.plan, gate))}", "U0BOB"))
    slack.wait(lambda: len(slack.whispers) == 2)
    [given] = case.ledger.approvals(case.incident.id)
    assert given.plan == at_gate(case.plan, gate).digest() != case.plan.digest()


def test_a_press_on_a_request_that_gave_way_says_what_went_before_it(
    waiting: Case, slack: PressedSlack
) -> None:
    urgent = Request(application=waiting.document.name, runbook="emergency", kind=Kind.EMERGENCY)
    begun = waiting.installation.store.begin(urgent, "an emergency")
    slack.send(pressed(APPROVE, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    [(_, said)] = slack.whispers
    assert f"it has ended: superseded: emergency went before it: {begun.incident.id}" in said
    assert waiting.ledger.approvals(waiting.incident.id) == []


def test_somebody_whom_no_contact_knows_is_told_so(waiting: Case, slack: PressedSlack) -> None:
    slack.send(pressed(APPROVE, waiting.incident.id, "U0EVE"))
    slack.wait(lambda: slack.whispers)
    assert "has `identities: {slack: U0EVE}`" in slack.whispers[0][1]
    assert waiting.ledger.approvals(waiting.incident.id) == []


@pytest.mark.usefixtures("api")
def test_a_no_asks_for_its_reason(waiting: Case, slack: PressedSlack) -> None:
    slack.send(pressed(REJECT, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.windows)
    slack.send(sent(slack.windows[0], "U0BOB", reason="the database is the cause"))
    slack.wait(lambda: slack.whispers)
    [given] = waiting.ledger.approvals(waiting.incident.id)
    assert (given.answer, given.reason) == ("reject", "the database is the cause")
    assert stands(waiting) is Ruling.REJECTED


@pytest.mark.usefixtures("api")
def test_something_else_is_chosen_from_what_the_plan_offers(waiting: Case, slack: PressedSlack) -> None:
    slack.send(pressed(INSTEAD, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.windows)
    select = slack.windows[0]["blocks"][0]["element"]
    assert [option["value"] for option in select["options"]] == ["config", "hotfix"]
    slack.send(sent(slack.windows[0], "U0BOB", instead="hotfix", release="2.0.1"))
    slack.wait(lambda: slack.whispers)
    [given] = waiting.ledger.approvals(waiting.incident.id)
    assert given.instead == "hotfix:2.0.1"
    assert stands(waiting) is Ruling.INSTEAD


def test_a_code_is_seen_by_who_asked_for_it_alone(waiting: Case, slack: PressedSlack) -> None:
    slack.send(pressed(CODE, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    [(user, said)] = slack.whispers
    assert user == "U0BOB"
    assert "your code for Prefect's form" in said
    assert [
        row.data["person"]
        for row in waiting.ledger.entries(waiting.incident.id)
        if row.kind == Happened.CODE_GIVEN
    ] == ["bob"]
    assert slack.posted == []


@pytest.mark.usefixtures("api")
def test_rows_that_are_lost_are_typed(wait_for_yes: Wait, slack: PressedSlack) -> None:
    case = wait_for_yes(confirm_rows=12, at_risk=["12 rows of entries"])
    slack.send(pressed(APPROVE, case.incident.id, "U0BOB"))
    slack.wait(lambda: slack.windows)
    slack.send(sent(slack.windows[0], "U0BOB", rows="11"))
    slack.wait(lambda: slack.whispers)
    assert stands(case) is Ruling.OPEN
    slack.send(sent(slack.windows[0], "U0BOB", rows="12"))
    slack.wait(lambda: len(slack.whispers) == 2)
    assert stands(case) is Ruling.APPROVED


@pytest.mark.usefixtures("api")
def test_the_connection_comes_back(waiting: Case, slack: PressedSlack) -> None:
    slack.drop()
    slack.connected()
    slack.send(pressed(APPROVE, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    assert stands(waiting) is Ruling.APPROVED


def test_the_buttons_go_out_with_the_request_alone(waiting: Case, slack: PressedSlack) -> None:
    [channel] = waiting.document.channels
    channel.send(message(moment="asked", incident=waiting.incident.id), None)
    channel.send(message(), None)
    asked_for, other = (posted["blocks"] for posted in slack.posted)
    ids = [element["action_id"] for element in asked_for[-1]["elements"]]
    assert ids == [APPROVE, REJECT, INSTEAD, CODE]
    assert not any(block["type"] == "actions" for block in other)


def test_something_that_is_no_interaction_hurts_nothing(waiting: Case, slack: PressedSlack) -> None:
    for payload in (
        {},
        {"type": "block_actions"},
        {"type": "view_submission", "view": {}},
        {"type": "shortcut"},
    ):
        slack.send(payload)
    slack.send(pressed(CODE, "20260101-000000-no-such-incident", "U0BOB"))
    slack.send(pressed(CODE, waiting.incident.id, "U0BOB"))
    slack.wait(lambda: slack.whispers)
    assert len(slack.whispers) == 1
