from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.local_ledger import LocalLedger
from domain.errors import StoreUnavailable
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from tests.blocks.incidents import APPLICATION, plan, release, request
from tests.blocks.ledger_child import KEY
from tests.blocks.ledger_contract import LedgerContract, begun, kinds


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


@pytest.fixture
def ledger(home: Home) -> LocalLedger:
    return LocalLedger(home, APPLICATION, KEY)


@pytest.fixture
def place(home: Home) -> list[str]:
    return ["local", str(home.root), APPLICATION]


def mirrored(identifier: str) -> Incident:
    return Incident(id=identifier, application=APPLICATION, request=request(), plan=plan())


class TestLocalLedger(LedgerContract):
    def test_half_a_line_is_no_line(self, ledger: LocalLedger) -> None:
        incident = begun(ledger)[0].incident.id
        ledger.append(incident, "told", {"n": 1})
        journal = ledger.folder / "journal.jsonl"
        journal.write_bytes(journal.read_bytes() + b'{"incident": "' + incident.encode())
        assert kinds(ledger.entries(incident)) == ["opened", "told"]
        ledger.append(incident, "told", {"n": 2})
        assert kinds(ledger.entries(incident)) == ["opened", "told", "told"]
        assert ledger.problems(incident) == []

    def test_a_change_shows(self, ledger: LocalLedger) -> None:
        incident = begun(ledger)[0].incident.id
        journal = ledger.folder / "journal.jsonl"
        journal.write_text(journal.read_text().replace("checkout is broken", "nothing is broken!"))
        assert ledger.problems(incident) == ["entry 1 was changed"]

    def test_it_goes_on_with_the_mirrored_incident_and_its_plan(self, ledger: LocalLedger) -> None:
        ledger.mirror(mirrored("incident-1"), [release("1.0")])
        found, hold = begun(ledger)
        assert (found.incident.id, found.resumed, found.incident.plan) == ("incident-1", True, plan())
        assert ledger.keep_plan(hold, plan("0.9")) == plan()
        assert [kept.version for kept in ledger.releases(APPLICATION)] == ["1.0"]

    def test_it_knows_what_the_store_said_of_traffic_once(self, ledger: LocalLedger, tmp_path: Path) -> None:
        other = LocalLedger(Home(tmp_path / "other").ensure(), APPLICATION, KEY)
        ledger.mirror(mirrored("incident-1"))
        ledger.mirror_entry(other.append("incident-1", Happened.VERIFIED, {"ok": False}))
        ledger.mirror_entry(other.append("an older one", Happened.VERIFIED, {"ok": True}))
        begun(ledger)
        begun(ledger, "the same command again")
        entries = ledger.entries("incident-1")
        assert kinds(entries) == ["taken over", "verified", "taken over"]
        assert entries[1].data["ok"] is False
        assert ledger.problems("incident-1") == []

    def test_a_mirror_does_not_lose_what_is_not_reconciled(self, ledger: LocalLedger) -> None:
        alone, hold = begun(ledger)
        ledger.close(hold, Outcome.ROLLED_BACK)
        unfinished, _ = begun(ledger, "run-2")
        ledger.mirror(mirrored("of the store"))
        kept = ledger.unreconciled()
        found = {incident.id: incident.outcome for one in kept if (incident := one.current())}
        expected = {alone.incident.id: Outcome.ROLLED_BACK, unfinished.incident.id: Outcome.SUPERSEDED}
        assert found == expected
        for one in kept:
            one.forget()
        assert ledger.unreconciled() == []
        current = ledger.current()
        assert current is not None
        assert current.id == "of the store"

    def test_a_mere_mirror_has_nothing_to_reconcile(self, ledger: LocalLedger) -> None:
        ledger.mirror(mirrored("incident-1"))
        ledger.mirror(mirrored("incident-2"))
        assert ledger.unreconciled() == []
        assert not (ledger.folder / "past").exists()

    def test_a_disk_that_takes_nothing_is_said(self, ledger: LocalLedger) -> None:
        incident = begun(ledger)[0].incident.id
        (ledger.folder / "journal.jsonl").unlink()
        (ledger.folder / "journal.jsonl").mkdir()
        with pytest.raises(StoreUnavailable, match="this host's record"):
            ledger.append(incident, "told", {"at": datetime.now(UTC).isoformat()})
