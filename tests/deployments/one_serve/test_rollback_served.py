"""Rollbacks as Prefect runs them: killed, joined, asked about, superseded, and finished without Prefect."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import answering
from domain.consent import Answer
from domain.outcomes import Outcome
from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import wait_for
from tests.flows.stage import Stage

Open = Callable[..., Shop]
CONTACTS = [{"role": "on-call", "reach": "+49 1"}, {"role": "lead", "reach": "+49 2"}]


@pytest.fixture
def asking(service: Service, slots: Stage, tmp_path: Path) -> Iterator[Open]:
    """Gives a shop whose policy asks so where severity is high."""
    opened: list[Shop] = []

    def one(consent: dict[str, Any], **changes: Any) -> Shop:
        made = Shop(service, slots.scene(tmp_path, **changes), tmp_path)
        made.apply({"rules": {"high": {"consent": consent}}})
        opened.append(made)
        return made

    yield one
    for made in opened:
        made.api.close()


def waiting(shop: Shop) -> str:
    """A run that waits for somebody's yes."""
    run = shop.start(severity="high")
    shop.wait_state(run, "Suspended")
    return run


def give(shop: Shop, run: str, answer: Answer, reason: str = "") -> None:
    with shop.scene.installation() as here:
        answering.give(here, run, answering.Said(answer, "bob", reason))
        assert answering.wake(here, shop.api, run)


def form(**filled_in: Any) -> dict[str, Any]:
    return {"decision": "approve", "your_name": "carol", "reason": "it is broken", **filled_in}


def test_killed_after_the_switch_the_worker_starts_it_again_by_itself(shop: Shop) -> None:
    shop.hold_verification()
    run = shop.start(severity="critical")
    process = shop.verifying_process()
    assert shop.stage.serving() == "green"
    os.kill(process, signal.SIGKILL)
    shop.let_go()
    shop.wait_state(run, "RolledBack")
    assert "Crashed" in shop.history(run)
    assert shop.stage.serving() == "green"
    assert len(shop.scene.data("switched")) == 1
    assert [entry["outcome"] for entry in shop.scene.data("closed")] == [Outcome.ROLLED_BACK]
    assert "# " in shop.scene.report()


@pytest.mark.full_matrix
def test_the_second_of_two_simultaneous_runs_joins_the_first(shop: Shop) -> None:
    runs = [shop.start(severity="critical") for _ in range(2)]
    for run in runs:
        shop.wait_state(run, "RolledBack", "JoinedRolledBack")
    assert sorted(shop.api.state(run).name for run in runs) == ["JoinedRolledBack", "RolledBack"]
    assert len(shop.scene.data("switched")) == 1
    assert shop.incident_of(runs[0]).id == shop.incident_of(runs[1]).id


@pytest.mark.full_matrix
def test_approved_by_a_person_at_the_host(shop: Shop) -> None:
    run = waiting(shop)
    assert shop.stage.serving() == "blue"
    give(shop, run, Answer.APPROVE, "go")
    shop.wait_state(run, "RolledBack")
    assert shop.stage.serving() == "green"
    [answered] = shop.scene.data("answered")
    assert (answered["approval"]["person"], answered["approval"]["proven"]) == ("bob", True)
    assert len(shop.scene.data("prepared")) == 1
    assert "bob" in shop.scene.report()


def test_approved_by_the_form(shop: Shop) -> None:
    run = waiting(shop)
    assert shop.api.resume(run, form())
    shop.wait_state(run, "RolledBack")
    [answered] = shop.scene.data("answered")
    assert (answered["approval"]["person"], answered["approval"]["via"]) == ("carol", "ui")
    assert answered["approval"]["proven"] is False


@pytest.mark.full_matrix
def test_a_code_makes_the_form_a_proof_of_who_answered(asking: Open) -> None:
    strict = asking({"self_declared": False})
    run = waiting(strict)
    assert strict.api.resume(run, form(your_name="mallory"))
    wait_for(lambda: len(strict.scene.data("consent asked")) == 2, "the second request")
    strict.wait_state(run, "Suspended")
    given = strict.run_command("approve-code", run, "--json")
    assert given.returncode == 0, given.stderr
    code = json.loads(given.stdout)
    assert strict.api.resume(run, form(code=code["code"]))
    strict.wait_state(run, "RolledBack")
    by_name, by_code = (entry["approval"] for entry in strict.scene.data("answered"))
    assert (by_name["person"], by_name["proven"]) == ("mallory", False)
    assert (by_code["person"], by_code["via"], by_code["proven"]) == (code["person"], "ui", True)


@pytest.mark.full_matrix
def test_something_else_ends_the_request_and_starts_a_run_of_its_own(shop: Shop) -> None:
    run = waiting(shop)
    answered = shop.run_command("answer", run, "--instead", "hotfix:1.0", "--reason", "1.0 has the fix")
    assert answered.returncode == 0, answered.stderr
    shop.wait_state(run, "Superseded")
    first = shop.incident_of(run).id
    wait_for(lambda: shop.has("started instead"), "the other run")
    with shop.scene.installation() as here:
        [noted] = [entry.data for entry in here.store.entries(first) if entry.kind == "started instead"]
    shop.wait_state(other := noted["run"], "Suspended")
    request = shop.incident_of(other).request
    assert (noted["what"], request.runbook, request.to) == ("hotfix:1.0", "hotfix", "1.0")
    assert request.reason == f"instead of incident {first}: 1.0 has the fix"
    give(shop, other, Answer.APPROVE, "go")
    shop.wait_state(other, "RolledBack")
    assert shop.stage.serving() == "green"


def test_an_unanswered_request_walks_the_path_and_is_rejected_at_its_end(asking: Open) -> None:
    shop = asking({"deadline_s": 3, "at_deadline": "escalate"}, contacts=CONTACTS)
    run = waiting(shop)
    assert "nobody answered" in shop.wait_state(run, "Expired")
    assert [entry["who"] for entry in shop.scene.data("called")] == ["on-call", "lead"]
    assert shop.stage.serving() == "blue"
    assert "lead: +49 2" in shop.scene.report()


@pytest.mark.parametrize("way", [pytest.param("cli", marks=pytest.mark.full_matrix), "form"])
def test_rejected(shop: Shop, way: str) -> None:
    run = waiting(shop)
    if way == "cli":
        give(shop, run, Answer.REJECT, "it is not the release")
    else:
        assert shop.api.resume(run, form(decision="reject", reason="it is not the release"))
    assert "it is not the release" in shop.wait_state(run, "Rejected")
    assert shop.stage.serving() == "blue"
    assert shop.incident_of(run).outcome is Outcome.REJECTED


@pytest.mark.full_matrix
def test_an_answer_under_the_name_of_a_wake_up_counts_for_nothing(shop: Shop) -> None:
    run = waiting(shop)
    assert shop.api.resume(run, form(your_name="backout"))
    wait_for(lambda: len(shop.scene.data("consent asked")) == 2, "the second request")
    shop.wait_state(run, "Suspended")
    assert shop.scene.data("answered") == []
    give(shop, run, Answer.REJECT, "enough")
    shop.wait_state(run, "Rejected")


@pytest.mark.full_matrix
def test_nobody_answers_in_time(asking: Open) -> None:
    hurried = asking({"deadline_s": 3})
    run = waiting(hurried)
    assert "nobody answered" in hurried.wait_state(run, "Expired")
    assert hurried.stage.serving() == "blue"
    [answered] = hurried.scene.data("answered")
    assert answered["approval"]["person"] == "deadline"


@pytest.mark.full_matrix
def test_a_target_that_turned_unhealthy_during_the_wait_holds_the_run(shop: Shop) -> None:
    run = waiting(shop)
    (shop.stage.folder / "green.unhealthy").touch()
    give(shop, run, Answer.APPROVE)
    assert "not healthy now" in shop.wait_state(run, "Held")
    assert shop.stage.serving() == "blue"
    assert shop.scene.data("switched") == []


@pytest.mark.parametrize(
    "runbook", ["emergency", pytest.param("service-outage", marks=pytest.mark.full_matrix)]
)
@pytest.mark.full_matrix
def test_what_is_urgent_goes_before_a_run_that_waits(shop: Shop, runbook: str) -> None:
    run = waiting(shop)
    urgent = shop.start(runbook)
    shop.wait_state(urgent, "RolledBack")
    assert shop.stage.serving() == "green"
    said = shop.wait_state(run, "Superseded")
    assert f"{runbook} went before it: {shop.incident_of(urgent).id}" in said
    assert shop.incident_of(run).outcome is Outcome.SUPERSEDED
    assert shop.incident_of(urgent).id != shop.incident_of(run).id


def test_with_all_killed_break_glass_finishes_it_and_it_is_reconciled(service: Service, shop: Shop) -> None:
    shop.hold_verification()
    run = shop.start(severity="critical")
    os.kill(shop.verifying_process(), signal.SIGSTOP)
    incident = shop.scene.incident().id
    service.kill_all()
    shop.let_go()
    done = shop.run_command(
        "rollback", shop.scene.name, "--break-glass", "--reason", "all is down", "--file", str(shop.file)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rolled_back" in done.stdout
    assert shop.stage.serving() == "green"

    service.process = Service.start(service.home).process
    reconciled = shop.run_command("reconcile")
    assert (reconciled.returncode, incident in reconciled.stdout) == (0, True), reconciled.stderr
    assert shop.scene.incident().outcome is Outcome.ROLLED_BACK
    verified = shop.run_command("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    moved = [entry["entry"]["kind"] for entry in shop.scene.data("reconciled")]
    assert moved.count("switched") + len(shop.scene.data("switched")) >= 1
    assert "verified" in moved
    assert len(shop.scene.data("switched")) == 1
    ended = shop.api.state(run)
    assert ended.type != "FAILED"
    assert (ended.type, ended.name) != ("CANCELLED", "Cancelled"), (
        "where it was resumed, it stood back: Superseded"
    )
