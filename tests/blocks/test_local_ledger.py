from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.home import Home
from blocks.local_ledger import LocalLedger
from domain.errors import LostLock, StoreUnavailable
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.request import Kind
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

    @pytest.mark.parametrize(
        ("kind", "asked", "minutes"),
        [
            (Kind.ROLLBACK, {"to": "0.9"}, 0),
            (Kind.EMERGENCY, {}, 0),
            (Kind.ROLLBACK, {"even_unhealthy": True}, 0),
            (Kind.ROLLBACK, {}, 11),
        ],
    )
    def test_a_mirrored_plan_is_not_carried_out_for_another_wish(
        self, ledger: LocalLedger, kind: Kind, asked: dict[str, Any], minutes: int
    ) -> None:
        opened = datetime.now(UTC) - timedelta(minutes=minutes)
        ledger.mirror(mirrored("incident-1").model_copy(update={"opened_at": opened}))
        found = ledger.begin(request(kind, **asked), "run-2")
        assert (found.incident.id != "incident-1", found.incident.plan) == (True, None)
        [old, new] = ledger.unreconciled()
        assert (old.incident("incident-1").outcome, new.current()) == (Outcome.SUPERSEDED, found.incident)
        [closed] = old.entries("incident-1")
        assert closed.data["why"].startswith("its run died")

    @pytest.mark.parametrize(
        ("kind", "data"),
        [(Happened.SWITCHED, {"receipt": {}}), (Happened.ACT_STARTED, {"act": "switch"})],
    )
    def test_mirrored_traffic_that_may_have_moved_is_finished_first(
        self, ledger: LocalLedger, tmp_path: Path, kind: Happened, data: dict[str, Any]
    ) -> None:
        other = LocalLedger(Home(tmp_path / "other").ensure(), APPLICATION, KEY)
        entries = [other.append("incident-1", kind, data), other.append("incident-1", Happened.SURVEYED, {})]
        for _ in range(2):
            ledger.mirror_store(mirrored("incident-1"), entries)
        found = ledger.begin(request(Kind.EMERGENCY, to="0.9"), "run-2")
        assert (found.incident.id, found.incident.plan) == ("incident-1", plan())
        assert kinds(ledger.entries("incident-1")) == ["taken over", kind]

    def test_a_run_whose_incident_was_put_aside_is_told_and_keeps_its_record(
        self, ledger: LocalLedger
    ) -> None:
        found, hold = begun(ledger)
        incident = found.incident.id
        ledger.mirror(mirrored("of a served run"))
        with pytest.raises(LostLock):
            ledger.check(hold)
        assert ledger.incident(incident).outcome is Outcome.SUPERSEDED
        ledger.tell(incident, {"root_cause": "unknown"})
        ledger.reported(incident, "/evidence/report.md")
        assert kinds(ledger.entries(incident)) == ["opened", "closed", "told"]
        assert ledger.entries("of a served run") == []
        current = ledger.current()
        assert current is not None
        assert current.id == "of a served run"
