"""Gates of a deploy: a person is asked after a step's analysis, and only a yes to that gate lets more traffic follow."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from deployments import answering
from deployments.answering import Said
from domain.consent import Answer
from domain.errors import NotAllowed
from domain.incident import Incident
from domain.outcomes import Outcome
from domain.policy import AtDeadline
from domain.request import RESTART, Kind
from domain.severity import Severity
from flows import consent, gates
from flows.cancelled import stop_here
from flows.conclude import Path as RunbookPath
from flows.conclude import conclude
from flows.path import go_forward, restart_in_place, take_back
from tests.deployments.consent_stage import told
from tests.flows.deploy_stage import DeployScene, DeployStage
from tests.flows.gated import HALF, gated_shop, play_prefect

AFTERWARDS: list[tuple[RunbookPath, dict[str, Any]]] = [
    (go_forward, {}),
    (
        restart_in_place,
        {"runbook": RESTART, "kind": Kind.ROLLBACK, "to": None, "severity": Severity.CRITICAL},
    ),
]


class Suspended(BaseException):
    """In place of Prefect's own signal; it passes everything, as a kill would."""


@pytest.fixture(autouse=True)
def in_flow(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:  # noqa: ARG001 - no pauses between looks
    """What the run asks Prefect for, played: it is suspended, and started again by the test."""

    def suspend(*_arguments: object) -> None:
        raise Suspended

    play_prefect(monkeypatch, suspend)


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return gated_shop(tenths, tmp_path)


@pytest.fixture
def here(shop: DeployScene) -> Iterator[Installation]:
    with shop.installation() as here:
        yield here


def waits(shop: DeployScene) -> Incident:
    """The run comes to a question, or comes there again, and is suspended."""
    with pytest.raises(Suspended):
        shop.walk(go_forward)
    return shop.incident()


def say(here: Installation, incident: Incident, answer: Answer = Answer.APPROVE) -> None:
    answering.give(here, incident.id, Said(answer, "bob", "as I see it"))


def given(shop: DeployScene) -> list[int]:
    return [row["shares"]["green"] for row in shop.data("shifted")]


def test_a_yes_goes_on_from_the_gates_share(shop: DeployScene, here: Installation) -> None:
    incident = waits(shop)
    assert (shop.stage.shares(), given(shop)) == (HALF, [10, 30, 50])
    [asked] = [text for text in told(here, incident.id) if "CONSENT NEEDED" in text]
    assert "was given 50 % and analysed: 0 of" in asked
    assert "without an answer: all traffic goes back to 2.0" in asked
    say(here, incident)
    assert shop.walk(go_forward) is Outcome.DEPLOYED, shop.data("ending")
    assert (shop.stage.shares(), given(shop)) == ({"green": 100}, [10, 30, 50, 100])
    assert [row["share"] for row in shop.data("judged")] == [10, 30, 50, 50, 100]
    assert "asked for consent to more than 50 % of the traffic" in shop.report()


def test_a_no_takes_all_traffic_back(shop: DeployScene, here: Installation) -> None:
    say(here, waits(shop), Answer.REJECT)
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert (shop.stage.shares(), len(shop.data("went back"))) == ({"blue": 100}, 1)
    assert "no yes to more than 50 % for 3.0: bob (cli): as I see it" in shop.data("ending")[0]["why"]


@pytest.mark.parametrize("at_deadline", [AtDeadline.REJECT, AtDeadline.APPROVE])
def test_silence_takes_all_traffic_back(
    shop: DeployScene, monkeypatch: pytest.MonkeyPatch, at_deadline: AtDeadline
) -> None:
    shop.raw["deploy"]["consent"] = {"people": 0, "at_deadline": at_deadline}
    waits(shop)
    monkeypatch.setattr(consent, "deadline_of", lambda _asked: datetime.now(UTC) - timedelta(seconds=1))
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert shop.stage.shares() == {"blue": 100}
    assert "nobody answered in time" in shop.data("ending")[0]["why"]


def test_started_again_without_an_answer_it_keeps_its_share_and_asks_nobody_twice(
    shop: DeployScene, here: Installation
) -> None:
    incident = waits(shop)
    shop.holder_died()
    assert waits(shop) == incident
    assert (shop.stage.shares(), given(shop)) == (HALF, [10, 30, 50])
    assert sum("CONSENT NEEDED" in text for text in told(here, incident.id)) == 1
    deadlines = {row["deadline"] for row in shop.data("consent asked")}
    assert len(deadlines) == 1


def test_cut_off_after_the_yes_it_goes_back(
    shop: DeployScene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(here, waits(shop))
    with monkeypatch.context() as patch:
        patch.setattr(gates, "analyse", _killed)
        with pytest.raises(Suspended):
            shop.walk(go_forward)
    shop.holder_died()
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert shop.stage.shares() == {"blue": 100}


def _killed(*_arguments: object) -> None:
    raise Suspended


def test_no_yes_counts_for_anything_but_its_own_question(shop: DeployScene, here: Installation) -> None:
    """The deploy itself is asked about, and two gates: three questions, and three answers."""
    shop.raw["deploy"].update(gates=[10, 50], consent={"people": 1})
    seen = []
    for shares in ({"blue": 100}, {"blue": 90, "green": 10}, HALF):
        incident = waits(shop)
        assert shop.stage.shares() == shares
        say(here, incident)
        with pytest.raises(NotAllowed, match="it was approved before"):
            say(here, incident)
        seen.append(here.store.approvals(incident.id)[-1].plan)
    assert len(set(seen)) == 3
    assert shop.walk(go_forward) is Outcome.DEPLOYED, shop.data("ending")


def test_what_went_bad_while_people_thought_gets_no_more_traffic(
    shop: DeployScene, here: Installation
) -> None:
    shop.raw["deploy"]["path"] = "/widget"
    incident = waits(shop)
    shop.fault("incompatible")
    say(here, incident)
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert (shop.stage.shares(), given(shop)) == ({"blue": 100}, [10, 30, 50])


def test_a_rollback_goes_before_a_deploy_that_waits(shop: DeployScene, here: Installation) -> None:
    waiting = waits(shop)
    asked: dict[str, Any] = {
        "runbook": "rollback", "kind": Kind.ROLLBACK, "to": "2.0", "severity": Severity.CRITICAL,
    }  # fmt: skip
    assert shop.walk(take_back, "second", **asked) is Outcome.ROLLED_BACK
    assert shop.stage.shares() == {"blue": 100}
    assert here.store.incident(waiting.id).outcome is Outcome.SUPERSEDED
    with pytest.raises(NotAllowed, match="it has ended: superseded"):
        say(here, waiting)


@pytest.mark.parametrize(("path", "asked"), AFTERWARDS)
def test_whoever_comes_after_its_deadline_passed_unseen_ends_its_canary(
    shop: DeployScene, here: Installation, path: RunbookPath, asked: dict[str, Any]
) -> None:
    """Nobody answered, and the gate's run did not wake to say so: its share would be looked at by nobody any more."""
    waiting = waits(shop)
    shop.holder_died()
    assert shop.walk(path, "second", **asked) is Outcome.HELD
    assert (here.store.incident(waiting.id).outcome, shop.stage.shares()) == (Outcome.EXPIRED, {"blue": 100})
    assert shop.walk(go_forward) is Outcome.EXPIRED


def test_cancelled_at_a_gate_it_goes_back(shop: DeployScene, here: Installation) -> None:
    waits(shop)
    assert conclude(shop.case(here), stop_here)[0] is Outcome.WENT_BACK
    assert shop.stage.shares() == {"blue": 100}


def test_without_prefect_nobody_can_be_asked(shop: DeployScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "in_flow", lambda: False)
    assert shop.walk(go_forward) is Outcome.WENT_BACK
    assert shop.stage.shares() == {"blue": 100}
