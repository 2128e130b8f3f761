import os
import signal
import time

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling

from deployments.crash_recovery import RESTARTS, RESTARTS_LABEL
from tests.deployments.one_prefect.conftest import Start
from tests.deployments.serve_under_test import PLACES
from tests.deployments.served import Served, is_alive, wait_for


def test_runs_of_two_deployments_and_says_how_fast(start: Start) -> None:
    first, second = start("quick"), start("waits")
    second.wait_said("began")
    second.let_go()
    for run in (first, second):
        run.wait_state("Completed")
        print(f"creation to first line: {run.first_line_seconds():.2f} s")  # noqa: T201 - measured, not asserted


def test_the_output_of_a_run_is_kept(start: Start, served: Served) -> None:
    run = start("quick")
    run.wait_state("Completed")
    log = served.home.logs / f"run-{run.run}.log"
    wait_for(lambda: "Finished in state Completed()" in log.read_text(), "the run's output")
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_run_names_its_worker_at_its_end(start: Start) -> None:
    run = start("quick")
    run.wait_state("Completed")
    wait_for(lambda: "prefect.worker.name" in run.read().labels, "the worker's labels")
    assert run.history() == ["Scheduled", "Pending", "Running", "Completed"]


def test_a_person_cancels_a_running_run(start: Start, client: SyncPrefectClient) -> None:
    run = start("waits")
    run.wait_said("began")
    process = run.pid()
    client.set_flow_run_state(run.run, Cancelling())
    run.wait_state("Cancelled")
    wait_for(lambda: not is_alive(process), "the end of the process")
    assert run.said() == ["began", "cancelled"]
    assert run.read().state_type is StateType.CANCELLED
    assert "Crashed" not in run.history()


def test_a_killed_run_is_started_again_and_completes(start: Start) -> None:
    run = start("dies_once")
    run.wait_state("Completed")
    assert run.said() == ["began", "began", "ended"]
    assert [name for name in run.history() if name in {"Crashed", "AwaitingRetry"}] == [
        "Crashed",
        "AwaitingRetry",
    ]


def test_a_run_killed_from_outside_is_started_again(start: Start) -> None:
    run = start("waits")
    run.wait_said("began")
    os.kill(run.pid(), signal.SIGKILL)
    wait_for(lambda: len(run.said()) == 2, "the second start")
    run.let_go()
    run.wait_state("Completed")
    assert run.said() == ["began", "began", "ended"]


@pytest.mark.full_matrix
def test_a_run_that_always_dies_is_left_crashed(start: Start) -> None:
    run = start("always_dies")
    wait_for(lambda: run.history().count("Crashed") == RESTARTS + 1, "the last crash")
    wait_for(lambda: "not started again" in run.served.output(), "the worker's last word")
    assert run.state() == "Crashed"
    assert run.read().labels[RESTARTS_LABEL] == RESTARTS
    assert run.said() == ["began"] * (RESTARTS + 1)


def test_a_run_that_fails_is_not_started_again(start: Start) -> None:
    run = start("fails")
    run.wait_state("Failed")
    process = run.pid()
    wait_for(lambda: not is_alive(process), "the end of the process")
    after = start("quick")
    after.wait_state("Completed")
    assert run.state() == "Failed"
    assert run.said() == ["began"]


def test_consent_suspends_and_resumes(start: Start, client: SyncPrefectClient) -> None:
    run = start("asks")
    run.wait_state("Suspended")
    process = run.pid()
    wait_for(lambda: not is_alive(process), "the end of the suspended run's process")
    client.resume_flow_run(run.run, run_input={"decision": "yes"})
    resumed = time.time()
    run.wait_said("answered yes")
    print(f"answer to next line: {time.time() - resumed:.2f} s")  # noqa: T201 - measured, not asserted
    run.wait_state("Completed")
    assert run.said() == ["began", "began", "answered yes"]


def test_an_emergency_starts_while_all_ordinary_places_are_taken(start: Start) -> None:
    ordinary = [start("waits") for _ in range(PLACES)]
    wait_for(lambda: sum(run.said() == ["began"] for run in ordinary) == PLACES - 1, "full ordinary places")
    urgent = start("urgent")
    urgent.wait_state("Completed")
    assert sum(run.said() == ["began"] for run in ordinary) == PLACES - 1
    for run in ordinary:
        run.let_go()
    for run in ordinary:
        run.wait_state("Completed")


def test_the_zygote_is_started_again_and_its_children_end_well(start: Start) -> None:
    before = start("waits")
    before.wait_said("began")
    os.kill(_zygote_of(before.pid()), signal.SIGKILL)
    after = start("quick")
    after.wait_state("Completed")
    before.let_go()
    before.wait_state("Completed")
    assert before.said() == ["began", "ended"]


def _zygote_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - procfs is no place for paths to be looked into
        return int(stat.read().rpartition(")")[2].split()[1])
