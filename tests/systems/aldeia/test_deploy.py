"""A new release of the checkout in the place of the one that runs: good, bad, and killed in the middle of the switch."""

import os
import signal

import pytest

from blocks.checkout.git import Git
from blocks.checkout.services import Services
from domain.outcomes import Outcome
from domain.plan import Decision
from examples.demo.load import Load
from flows.path import go_forward, take_back
from tests.forked import KILLED, exit_code
from tests.systems.aldeia.forward import (
    ADDS,
    BACK,
    NEWSLETTER,
    NEXT,
    PHONE,
    Forward,
    new_release,
    schema,
    schema_put_back,
)
from tests.systems.aldeia.stage import NEW, Aldeia

pytestmark = pytest.mark.engine


@pytest.mark.full_matrix
def test_a_good_release_is_deployed_and_can_be_taken_back(aldeia: Aldeia, ahead: Forward) -> None:
    with schema_put_back(aldeia):
        _deployed_and_taken_back(aldeia, ahead)


def _deployed_and_taken_back(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia, steps=ADDS)
    plan = ahead.plan()
    assert (plan.decision, plan.blind, plan.from_slot, plan.to_slot) == (Decision.DEPLOY, True, NEW, NEXT)
    assert plan.consent is not None
    assert plan.rollout is not None
    assert (plan.rollout.schema_before, plan.rollout.migrations) == (NEWSLETTER, [PHONE])
    assert "1 commit, 4 files changed" in plan.rollout.difference[0]
    assert any(row.startswith("commit: ") and "Release v1.2.0" in row for row in plan.rollout.difference)
    assert plan.rollout.difference[0] in plan.why
    assert schema(aldeia) == (NEWSLETTER, ["email"])

    assert ahead.walk(go_forward) is Outcome.DEPLOYED, ahead.data("ending")
    assert (aldeia.answering(), aldeia.is_clean_on(NEXT)) == (NEXT, True)
    assert schema(aldeia) == (PHONE, ["email", "phone"])
    kinds = ahead.kinds()
    assert kinds.index("backed up") < kinds.index("migrated up") < kinds.index("switched")
    [kept] = ahead.data("way back kept")
    assert (kept["release"], ahead.data("backed up")[0]["rows"] >= 0) == (NEW, True)
    assert [row["verdict"] for row in ahead.data("judged")] == ["ok"]

    assert ahead.walk(take_back, "back", **BACK) is Outcome.ROLLED_BACK
    assert (aldeia.answering(), aldeia.is_clean_on(NEW)) == (NEW, True)


@pytest.mark.full_matrix
@pytest.mark.parametrize("fault", ["crash loop", "errors", "slow"])
def test_a_bad_release_goes_back_by_itself(aldeia: Aldeia, ahead: Forward, fault: str) -> None:
    new_release(aldeia, fault)
    load = Load(f"{aldeia.stack.address}/api/health", clients=2, rate=20).start()
    try:
        assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    finally:
        counted = load.stop().total
    assert (aldeia.answering(), aldeia.is_clean_on(NEW)) == (NEW, True)
    assert counted.requests > counted.errors + counted.lost.total() > 0, counted.document()
    assert len(ahead.data("went back")) == 1


@pytest.mark.full_matrix
def test_what_cannot_be_built_is_refused_before_anything_stops(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia, "broken build")
    before = aldeia.containers()
    assert ahead.walk(go_forward) is Outcome.HELD
    assert "npm ERR! missing script: build" in ahead.data("ending")[0]["why"]
    assert (aldeia.containers(), aldeia.is_clean_on(NEW)) == (before, True)


def test_a_test_that_failed_stops_it_before_anything(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia)
    aldeia.stack.tested("nobody can register")
    before = aldeia.containers()
    assert ahead.walk(go_forward) is Outcome.HELD
    said = ahead.data("ending")[0]["why"]
    assert "tests: " in said
    assert "staging: " in said
    assert aldeia.containers() == before


def test_where_nobody_knows_what_runs_there_is_no_way_back(
    aldeia: Aldeia, ahead: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_release(aldeia)
    (aldeia.folder / "notes.txt").write_text("try county 19")
    monkeypatch.setattr(Services, "commits", lambda _self, found: dict.fromkeys(found, frozenset()))
    assert ahead.walk(go_forward) is Outcome.HELD
    said = ahead.data("ending")[0]["why"]
    assert "nobody can tell what the images of backend, chatbot-frontend were built from" in said
    assert "the work tree has local changes" in said


@pytest.mark.full_matrix
def test_killed_in_the_middle_it_goes_back_when_it_is_started_again(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia)
    checkout = Git.checkout

    def dies(git: Git, commit: str) -> None:
        checkout(git, commit)
        os.kill(os.getpid(), signal.SIGKILL)

    def walk_and_die() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Git, "checkout", dies)
            ahead.walk(go_forward)

    assert exit_code(walk_and_die) == KILLED
    assert aldeia.checkout().route().slot == NEW
    assert ahead.walk(go_forward) is Outcome.WENT_BACK
    assert aldeia.checkout().route().slot == NEW
    assert (aldeia.answering(), aldeia.is_clean_on(NEW)) == (NEW, True)
