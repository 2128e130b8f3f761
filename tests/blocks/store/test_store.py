import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from blocks.ledger import Begun, Hold
from blocks.store import Store
from domain.errors import BackoutError, LostLock
from domain.outcomes import Outcome
from domain.precedence import Claim, Meeting, Phase, meet
from domain.request import Kind
from tests.blocks.incidents import APPLICATION, approval, plan, request
from tests.blocks.ledger_contract import LedgerContract, begun, kinds


@pytest.fixture
def ledger(store: Store) -> Store:
    return store


@pytest.fixture
def place(store_url: str) -> list[str]:
    return ["store", store_url]


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def dies(store: Store) -> None:
    """The holder gives no sign of life, and its lease is over."""
    with store.database.transaction() as connection:
        connection.execute("UPDATE locks SET until = now() - interval '1 second'")


def at_once(store: Store, acts: list[Callable[[], Begun]]) -> list[Begun]:
    """All acts at the same moment, each on a connection of its own."""
    found: list[Begun] = []
    together = threading.Barrier(len(acts))

    def work(act: Callable[[], Begun]) -> None:
        together.wait()
        found.append(act())
        store.rest()

    threads = [threading.Thread(target=work, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class TestStore(LedgerContract):
    def test_an_answer_that_was_copied_to_another_incident_is_none_there(self, ledger: Store) -> None:
        begun_first, hold = begun(ledger)
        ledger.answer(approval(begun_first.incident.id, "ann"))
        ledger.close(hold, Outcome.HELD)
        again = begun(ledger, run="second")[0].incident.id
        with ledger.database.transaction() as connection:
            connection.execute(
                "INSERT INTO approvals (incident, body) SELECT %s, body FROM approvals WHERE incident = %s",
                [again, begun_first.incident.id],
            )
        assert ledger.approvals(again) == []

    @pytest.mark.parametrize("before", ["never held", "held before"])
    def test_of_simultaneous_runs_one_holds_and_the_others_join(self, ledger: Store, before: str) -> None:
        if before == "held before":
            ledger.close(begun(ledger)[1], Outcome.HELD)
        for turn in range(5):
            runs = [f"{turn}-{number}" for number in range(4)]
            found = at_once(ledger, [lambda run=run: ledger.begin(request(), run) for run in runs])  # type: ignore[misc]
            assert len(found) == len(runs)
            assert len({one.incident.id for one in found}) == 1
            [hold] = [one.hold for one in found if one.hold]
            assert kinds(ledger.entries(hold.incident)).count("joined") == 3
            assert ledger.problems(hold.incident) == []
            ledger.close(hold, Outcome.HELD)

    def test_whoever_joins_again_is_noted_once(self, ledger: Store) -> None:
        first, _ = begun(ledger)
        for _ in range(2):
            joined = ledger.begin(request(), "run-2")
            assert (joined.incident.id, joined.hold) == (first.incident.id, None)
        assert kinds(ledger.entries(first.incident.id)) == ["opened", "joined"]
        assert ledger.incident_of("run-2") == first.incident.id
        assert ledger.runs_of(first.incident.id) == ["run-1"]

    def test_a_run_that_joined_does_not_begin_anew_after_the_end(self, ledger: Store) -> None:
        first, hold = begun(ledger)
        ledger.begin(request(), "run-2")
        ledger.close(hold, Outcome.ROLLED_BACK)
        again = ledger.begin(request(), "run-2")
        assert (again.incident.id, again.hold, again.resumed) == (first.incident.id, None, False)

    def test_the_same_run_gets_its_incident_under_a_higher_token(self, ledger: Store) -> None:
        first, old = begun(ledger)
        again, new = begun(ledger)
        assert (again.incident.id, again.resumed) == (first.incident.id, True)
        assert ledger.entries(first.incident.id)[-1].data.get("again") is True
        assert new.token > old.token
        ledger.check(new)
        for act in (ledger.check, ledger.renew):
            with pytest.raises(LostLock):
                act(old)
        with pytest.raises(LostLock):
            ledger.keep_plan(old, plan())
        with pytest.raises(LostLock):
            ledger.wait(old, later(60))

    def test_a_run_that_lost_the_lock_cannot_end_the_incident(self, ledger: Store) -> None:
        first, old = begun(ledger)
        _, new = begun(ledger)
        with pytest.raises(LostLock):
            ledger.close(old, Outcome.HELD)
        assert ledger.incident(first.incident.id).outcome is None
        ledger.close(new, Outcome.ROLLED_BACK)
        ledger.close(old, Outcome.HELD)
        assert ledger.incident(first.incident.id).outcome is Outcome.ROLLED_BACK

    def test_a_run_that_had_ended_is_told_how(self, ledger: Store) -> None:
        first, hold = begun(ledger)
        ledger.close(hold, Outcome.WENT_BACK)
        again = ledger.begin(request(), "run-1")
        assert (again.incident.id, again.hold, again.resumed) == (first.incident.id, None, True)
        assert again.incident.outcome is Outcome.WENT_BACK

    def test_a_dead_holder_is_taken_over_with_its_plan(self, ledger: Store) -> None:
        first, old = begun(ledger)
        ledger.keep_plan(old, plan())
        dies(ledger)
        holder = ledger.holder(APPLICATION)
        assert holder is not None
        assert not holder.alive
        second, new = begun(ledger, "by hand")
        assert (second.incident.id, second.resumed, second.incident.plan) == (first.incident.id, True, plan())
        with pytest.raises(LostLock):
            ledger.check(old)
        assert sorted(ledger.runs_of(first.incident.id)) == ["by hand", "run-1"]
        ledger.check(new)

    def test_a_run_that_joined_takes_over_when_the_first_dies(self, ledger: Store) -> None:
        first, _ = begun(ledger)
        assert ledger.begin(request(), "run-2").hold is None
        dies(ledger)
        second, _ = begun(ledger, "run-2")
        assert second.incident.id == first.incident.id

    def test_who_waits_is_kept_until_the_deadline(self, ledger: Store) -> None:
        first, hold = begun(ledger)
        ledger.wait(hold, later(60))
        holder = ledger.holder(APPLICATION)
        assert holder is not None
        assert (holder.phase, holder.alive) == (Phase.WAITING, True)
        assert ledger.begin(request(), "run-2").hold is None
        again, _ = begun(ledger)
        assert again.incident.id == first.incident.id

    def test_a_late_sign_of_life_does_not_shorten_the_wait(self, ledger: Store) -> None:
        _, hold = begun(ledger)
        ledger.wait(hold, later(3600))
        ledger.renew(hold)
        with ledger.database.transaction() as connection:
            row = connection.execute(
                "SELECT phase, until > now() + interval '50 minutes' AS far FROM locks"
            ).fetchone()
        assert row == {"phase": "waiting", "far": True}

    def test_a_wait_that_is_over_is_expired_by_the_next_request(self, ledger: Store) -> None:
        first, hold = begun(ledger)
        ledger.wait(hold, later(-1))
        second, _ = begun(ledger, "run-2")
        assert second.incident.id != first.incident.id
        assert ledger.incident(first.incident.id).outcome is Outcome.EXPIRED

    def test_whose_wait_is_over_may_still_come_back_for_its_own_end(self, ledger: Store) -> None:
        first, hold = begun(ledger)
        ledger.wait(hold, later(-1))
        again, _ = begun(ledger)
        assert again.incident.id == first.incident.id

    def test_an_emergency_goes_before_one_that_waits(self, ledger: Store) -> None:
        waiting, hold = begun(ledger)
        ledger.wait(hold, later(60))
        urgent = ledger.begin(request(Kind.EMERGENCY), "urgent")
        assert urgent.hold is not None
        assert ledger.incident(waiting.incident.id).outcome is Outcome.SUPERSEDED
        with pytest.raises(LostLock):
            ledger.check(hold)
        noted = ledger.entries(urgent.incident.id)[-1]
        assert (noted.kind, noted.data) == (
            "superseded",
            {"incident": waiting.incident.id, "runs": ["run-1"]},
        )
        back = ledger.begin(request(), "run-1")
        assert (back.incident.id, back.hold, back.incident.outcome) == (
            waiting.incident.id, None, Outcome.SUPERSEDED,
        )  # fmt: skip

    def test_an_emergency_joins_one_that_acts(self, ledger: Store) -> None:
        acting, _ = begun(ledger)
        urgent = ledger.begin(request(Kind.EMERGENCY), "urgent")
        assert (urgent.incident.id, urgent.hold) == (acting.incident.id, None)

    @pytest.mark.parametrize(
        ("newcomer", "holder", "phase"), list(product((Kind.EMERGENCY, Kind.ROLLBACK), Kind, Phase))
    )
    def test_precedence_is_as_the_table_says(
        self, ledger: Store, newcomer: Kind, holder: Kind, phase: Phase
    ) -> None:
        first = ledger.begin(request(holder), "first")
        with ledger.database.transaction() as connection:
            connection.execute("UPDATE locks SET phase = %s", [phase])
        meeting = meet(Claim(newcomer), Claim(holder), phase)
        second = ledger.begin(request(newcomer), "second")
        assert (second.incident.id == first.incident.id) is (meeting is Meeting.JOIN)
        assert (second.hold is None) is (meeting is Meeting.JOIN)

    def test_closing_and_joining_at_the_same_time_end_both(self, ledger: Store) -> None:
        for turn in range(10):
            _, hold = begun(ledger, f"holds-{turn}")
            errors: list[BackoutError] = []

            def join(turn: int = turn) -> Begun:
                return ledger.begin(request(), f"joins-{turn}")

            def close(hold: Hold = hold, errors: list[BackoutError] = errors) -> Begun:
                try:
                    ledger.close(hold, Outcome.HELD)
                except BackoutError as error:
                    errors.append(error)
                return Begun(ledger.incident(hold.incident), None)

            found = at_once(ledger, [join, close])
            assert not errors
            assert len(found) == 2
            for one in found:
                if one.hold:
                    ledger.close(one.hold, Outcome.HELD)

    def test_a_reason_with_a_zero_byte_blocks_nobody(self, ledger: Store) -> None:
        ledger.begin(request().model_copy(update={"reason": "zero \x00 byte"}), "run-1")
        assert ledger.begin(request(), "run-2").hold is None
