"""What every ledger must do, wherever it is kept. A test class subclasses it and gives the fixtures below."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from blocks.ledger import Begun, Hold, Ledger
from blocks.local_ledger import LocalLedger
from blocks.store import Store
from domain.consent import Answer
from domain.errors import UnknownIncident
from domain.journal import Entry
from domain.outcomes import Outcome
from tests.blocks.incidents import APPLICATION, approval, plan, release, request

START = datetime(2026, 11, 1, tzinfo=UTC)
ODD = {
    "float": 0.1 + 0.2,
    "tiny": 5e-324,
    "huge": 1.7976931348623157e308,
    "whole": 2.0,
    "integer": 2**70,
    "negative zero": -0.0,
    "not a number": float("nan"),
    "endless": float("-inf"),
    "words": "naïve 🔴 \u2028\u2029\x85\x1e line\nfeed \x00 \\u0000 'quote\" \u202e",
    "deep": {"b": [1, None, True, {"ü": "ß"}], "a": []},
    "outcome": Outcome.HELD,
    "at": START,
}


Checked = Store | LocalLedger
"""Both can check themselves, which the contract does not ask for."""


def begun(ledger: Ledger, run: str = "run-1") -> tuple[Begun, Hold]:
    """A new incident, with the right to act on it."""
    found = ledger.begin(request(), run)
    assert found.hold is not None
    return found, found.hold


class LedgerContract:
    """Fixtures of the subclass: `ledger`, empty; `place`, the arguments with which `ledger_child` opens the same."""

    def test_a_request_opens_an_incident(self, ledger: Checked) -> None:
        found, _ = begun(ledger)
        assert not found.resumed
        incident = ledger.incident(found.incident.id)
        assert (incident.request, incident.outcome, incident.plan) == (found.incident.request, None, None)
        assert [entry.kind for entry in ledger.entries(incident.id)] == ["opened"]

    def test_an_unknown_incident_raises(self, ledger: Checked) -> None:
        with pytest.raises(UnknownIncident):
            ledger.incident("20260101-000000-shop-production-0000")

    def test_the_chain_holds_whatever_is_written(self, ledger: Checked) -> None:
        incident = begun(ledger)[0].incident.id
        written = ledger.append(incident, "told", ODD)
        for number in range(200):
            ledger.append(incident, "watch sample", {"value": number / 7, "said": f"№ {number}\u2028"})
        entries = ledger.entries(incident)
        assert [entry.seq for entry in entries] == list(range(1, 203))
        assert entries[1] == written
        assert entries[1].data["words"] == ODD["words"]
        assert entries[1].data["not a number"] == "nan"
        assert ledger.problems(incident) == []

    def test_two_processes_write_one_chain(self, ledger: Checked, place: list[str]) -> None:
        incident = begun(ledger)[0].incident.id
        argv = [sys.executable, "-m", "tests.blocks.ledger_child", incident, "60", *place]
        children = [subprocess.Popen(argv, stdin=-1, stdout=-1, text=True) for _ in range(2)]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for _ in range(30):
            ledger.append(incident, "told", {"by": "parent"})
        for child in children:
            child.communicate()
            assert child.returncode == 0
        assert [entry.seq for entry in ledger.entries(incident)] == list(range(1, 152))
        assert ledger.problems(incident) == []

    def test_the_first_plan_stays(self, ledger: Checked) -> None:
        found, hold = begun(ledger)
        first = plan("1.0")
        assert ledger.keep_plan(hold, first) == first
        assert ledger.keep_plan(hold, plan("0.9")) == first
        assert ledger.incident(found.incident.id).plan == first
        kept = ledger.incident(found.incident.id).plan
        assert kept is not None
        assert kept.digest() == first.digest()

    def test_an_incident_is_closed_once(self, ledger: Checked) -> None:
        found, hold = begun(ledger)
        ledger.close(hold, Outcome.ROLLED_BACK)
        ledger.close(hold, Outcome.HELD)
        incident = ledger.incident(found.incident.id)
        assert incident.outcome is Outcome.ROLLED_BACK
        assert incident.closed_at is not None
        assert [entry.kind for entry in ledger.entries(incident.id)].count("closed") == 1

    def test_an_application_is_free_after_the_end(self, ledger: Checked) -> None:
        first, hold = begun(ledger)
        ledger.close(hold, Outcome.HELD)
        second, _ = begun(ledger, "run-2")
        assert second.incident.id != first.incident.id
        assert not second.resumed

    def test_an_ended_incident_cannot_be_acted_on(self, ledger: Checked) -> None:
        _, hold = begun(ledger)
        ledger.check(hold)
        ledger.renew(hold)
        ledger.close(hold, Outcome.HELD)
        with pytest.raises(Exception, match="no longer holds the lock"):
            ledger.check(hold)

    def test_later_words_replace_earlier_ones(self, ledger: Checked) -> None:
        incident = begun(ledger)[0].incident.id
        ledger.tell(incident, {"root_cause": "unknown", "users_affected": "12"})
        told = ledger.tell(incident, {"root_cause": "a lock\x00 in the pool"})
        assert told.told["users_affected"] == "12"
        assert told.told["root_cause"].startswith("a lock")
        assert ledger.incident(incident).told == told.told
        assert [entry.kind for entry in ledger.entries(incident)] == ["opened", "told", "told"]

    def test_the_report_is_kept(self, ledger: Checked) -> None:
        incident = begun(ledger)[0].incident.id
        ledger.reported(incident, "/evidence/report.md")
        assert ledger.incident(incident).report == "/evidence/report.md"

    def test_incidents_are_found(self, ledger: Checked) -> None:
        incident = begun(ledger)[0].incident
        assert [found.id for found in ledger.incidents(APPLICATION)] == [incident.id]
        assert ledger.incidents("other/production") == []
        assert ledger.incidents(since=incident.opened_at + timedelta(seconds=1)) == []

    def test_serving_and_quarantine_stay_when_a_release_is_recorded_again(self, ledger: Checked) -> None:
        ledger.record(release("1.0", recorded_at=START))
        ledger.served(APPLICATION, "1.0", START + timedelta(minutes=1))
        ledger.served(APPLICATION, "1.0", START + timedelta(hours=1))
        ledger.quarantine(APPLICATION, "1.0", "incident-1")
        ledger.record(release("1.0", recorded_at=START + timedelta(days=1), commit="abc"))
        [kept] = ledger.releases(APPLICATION)
        assert kept.served_since == START + timedelta(minutes=1)
        assert kept.quarantined_by == "incident-1"
        assert kept.commit == "abc"
        ledger.quarantine(APPLICATION, "1.0", None)
        assert ledger.releases(APPLICATION)[0].quarantined_by is None

    def test_evidence_stays_when_a_release_is_recorded_again(self, ledger: Checked) -> None:
        until = START + timedelta(minutes=30)
        ledger.good(APPLICATION, "1.0", START, until, "incident-1")
        ledger.record(release("1.0", recorded_at=START + timedelta(days=1), commit="abc"))
        ledger.good(APPLICATION, "1.0", until, until + timedelta(hours=1), "the watch")
        [kept] = ledger.releases(APPLICATION)
        assert (kept.good_since, kept.good_until) == (START, until + timedelta(hours=1))
        assert (kept.good_by, kept.commit, kept.served_since) == ("the watch", "abc", None)

    def test_releases_come_newest_first_whichever_served(self, ledger: Checked) -> None:
        for day, version in enumerate(("1.0", "1.1", "1.2")):
            ledger.record(release(version, recorded_at=START + timedelta(days=day)))
        ledger.served(APPLICATION, "1.0", START)
        ledger.quarantine(APPLICATION, "1.1", "incident-1")
        assert [kept.version for kept in ledger.releases(APPLICATION)] == ["1.2", "1.1", "1.0"]
        assert ledger.releases("other/production") == []

    def test_a_release_that_serves_is_recorded(self, ledger: Checked) -> None:
        ledger.served(APPLICATION, "3.0", START)
        [kept] = ledger.releases(APPLICATION)
        assert (kept.version, kept.served_since, kept.recorded_by) == ("3.0", START, "seen")

    def test_answers_are_kept_in_order_as_they_were_signed(self, ledger: Checked) -> None:
        incident = begun(ledger)[0].incident.id
        given = [approval(incident, "ann"), approval(incident, "bob", Answer.REJECT)]
        for one in given:
            ledger.answer(one)
        assert ledger.approvals(incident) == given
        assert all(kept.valid(b"key") for kept in ledger.approvals(incident))
        assert ledger.approvals("another") == []


def kinds(entries: list[Entry]) -> list[str]:
    """What happened, in order."""
    return [entry.kind for entry in entries]
