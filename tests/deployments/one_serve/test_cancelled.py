"""A run that somebody cancels in Prefect's UI: its incident ends, people are told, and the application is free."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from prefect.states import Cancelling

from blocks.embedded_postgres import EmbeddedPostgres
from deployments.prefect_server import PrefectServer
from domain.outcomes import Outcome
from tests.deployments.one_serve.test_rollback_served import waiting
from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import is_alive, wait_for

WORDS = "cancelled in Prefect's UI"


@contextmanager
def held_in_survey(shop: Shop) -> Iterator[None]:
    """A run that surveys the application comes no further: it cannot note who serves."""
    with shop.scene.installation() as here, here.store.database.transaction() as connection:
        connection.execute("LOCK TABLE releases IN EXCLUSIVE MODE")
        yield


def verifying(shop: Shop) -> tuple[str, int]:
    """A run right after its switch, and its process."""
    shop.hold_verification()
    run = shop.start(severity="critical")
    return run, shop.verifying_process()


def assert_ended_once(shop: Shop, outcome: Outcome) -> None:
    assert [entry["outcome"] for entry in shop.scene.data("closed")] == [outcome]
    moments = shop.moments()
    assert moments.count("ended") == 1
    assert len(set(moments)) == len(moments)
    assert WORDS in shop.scene.report()


@pytest.mark.full_matrix
def test_cancelled_before_the_switch_nothing_was_changed(shop: Shop) -> None:
    with held_in_survey(shop):
        run = shop.start(severity="critical")
        wait_for(lambda: shop.has("surveyed"), "the survey")
        shop.cancel(run)
        assert shop.wait_outcome(run) is Outcome.REJECTED
    assert shop.stage.serving() == "blue"
    assert_ended_once(shop, Outcome.REJECTED)
    assert "nothing was changed" in shop.wait_message(run, WORDS)
    assert shop.scene.data("switched") == []


@pytest.mark.full_matrix
def test_cancelled_after_the_switch_to_what_does_not_verify_is_stuck(shop: Shop) -> None:
    run, process = verifying(shop)
    (shop.stage.folder / "green.unhealthy").touch()
    shop.cancel(run)
    wait_for(lambda: not is_alive(process), "the end of the run's process")
    shop.let_go()
    assert shop.wait_outcome(run) is Outcome.STUCK
    assert shop.stage.serving() == "green"
    assert_ended_once(shop, Outcome.STUCK)
    assert "green (1.0) serves, and does not verify" in shop.scene.report()
    assert "escalated" in shop.moments()
    assert len(shop.scene.data("switched")) == 1
    assert shop.scene.data("went back") == []


def test_cancelled_after_the_switch_to_what_verifies_is_rolled_back_and_watched(shop: Shop) -> None:
    run, process = verifying(shop)
    shop.cancel(run)
    wait_for(lambda: not is_alive(process), "the end of the run's process")
    shop.let_go()
    assert shop.wait_outcome(run) is Outcome.ROLLED_BACK
    assert_ended_once(shop, Outcome.ROLLED_BACK)
    assert "green (1.0) serves, and is verified" in shop.wait_message(run, WORDS)
    wait_for(lambda: shop.scene.data("watch started"), "the watch")
    assert len(shop.scene.data("switched")) == 1


def test_a_process_that_is_killed_while_it_is_cancelled_changes_nothing_of_it(shop: Shop) -> None:
    run, process = verifying(shop)
    os.kill(process, signal.SIGSTOP)
    shop.cancel(run)
    shop.wait_state(run, "Cancelling")
    os.kill(process, signal.SIGKILL)
    shop.let_go()
    assert shop.wait_outcome(run) is Outcome.ROLLED_BACK
    assert_ended_once(shop, Outcome.ROLLED_BACK)
    shop.wait_state(run, "Cancelled")


def test_cancelled_while_it_waits_for_people_and_once_more(shop: Shop) -> None:
    run = waiting(shop)
    shop.cancel(run)
    assert shop.wait_outcome(run) is Outcome.REJECTED
    shop.cancel(run)
    assert_ended_once(shop, Outcome.REJECTED)
    assert "nothing was changed" in shop.wait_message(run, WORDS)
    assert shop.stage.serving() == "blue"
    again = shop.start(severity="critical")
    shop.wait_state(again, "RolledBack")


@pytest.mark.full_matrix
def test_cancelled_while_no_serve_ran(service: Service, shop: Shop) -> None:
    run = waiting(shop)
    with service.client() as client:
        assert service.stop() == 0
        with EmbeddedPostgres(service.home) as postgres, PrefectServer(service.home, postgres):
            client.set_flow_run_state(UUID(run), Cancelling())
            assert shop.scene.incident().outcome is None
    service.process = Service.start(service.home).process
    assert shop.wait_outcome(run) is Outcome.REJECTED
    assert_ended_once(shop, Outcome.REJECTED)
