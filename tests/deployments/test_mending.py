"""`--fix`: what is offered, in which order, and where nothing may be mended."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.files import locked
from blocks.home import Home
from deployments import mending
from deployments.examination import Examined
from deployments.mending import LOG, Mended, mend, offers
from deployments.subject import Subject
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, CommandFailed, Conflict
from domain.names import block_name
from tasks.examine import Branch

APP = "shop/production"


class Patient:
    """A branch of things that are mended by name; `harsh` ones work, others fail."""

    def __init__(self, *checkups: Checkup) -> None:
        self.tried: list[str] = []
        self.found = [Examined(Branch("platform", lambda: list(checkups), self._mend), list(checkups))]

    def _mend(self, remedy: str) -> str:
        self.tried.append(remedy)
        if not remedy.startswith("harsh"):
            raise CommandFailed(argv=[remedy], exit_code_seen=1, output="no")
        return "done"


@pytest.fixture
def known(tmp_path: Path) -> Subject:
    home = Home(tmp_path / "home").ensure()
    return Subject(APP, home, here=None, away=None, described=None, document=None, checkups=[])


def down(*remedies: str, on: str = "green") -> Checkup:
    return wrong("process", on, "is down", *(Remedy(name=name, command=f"do {name}") for name in remedies))


def yes(_checkup: Checkup, _remedy: Remedy) -> bool:
    return True


def done(tried: Iterator[Mended]) -> list[tuple[str, bool]]:
    return [(one.remedy, one.done) for one in tried]


def test_only_what_is_wrong_and_can_be_done_from_here_is_offered_once() -> None:
    patient = Patient(
        down("harsh"),
        down("harsh", on="blue"),
        down(""),
        well("process", "red", "runs"),
        down("mild", on="red"),
    )
    assert [[remedy.name for remedy in offer.remedies] for offer in offers(patient.found)] == [
        ["harsh"],
        ["mild"],
    ]


def test_the_mildest_is_tried_first_and_where_it_helped_no_other(known: Subject) -> None:
    patient = Patient(down("mild", "harsh", "harsher"))
    assert done(mend(known, offers(patient.found), yes)) == [("mild", False), ("harsh", True)]
    assert patient.tried == ["mild", "harsh"]


def test_what_was_not_agreed_to_is_not_done(known: Subject) -> None:
    patient = Patient(down("harsh"), down("harsher", on="blue"))
    assert done(mend(known, offers(patient.found), lambda row, _: row.finding.on == "blue")) == [
        ("harsher", True)
    ]


def test_what_was_done_is_written_down(known: Subject) -> None:
    patient = Patient(down("mild", "harsh"))
    list(mend(known, offers(patient.found), yes))
    log = known.home.logs / LOG
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["remedy"], row["done"], row["application"]) for row in rows] == [
        ("mild", False, APP),
        ("harsh", True, APP),
    ]
    assert log.stat().st_mode & 0o777 == 0o600


def test_nothing_is_done_beside_a_break_glass_run(known: Subject) -> None:
    patient = Patient(down("harsh"))
    with (
        locked(known.home.state / f"{block_name(APP)}.break-glass", 0),
        pytest.raises(Conflict, match="--break-glass run"),
    ):
        list(mend(known, offers(patient.found), yes))
    assert patient.tried == []


def test_nothing_is_done_while_a_run_of_this_host_has_its_turn(
    known: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "TURN_S", 0.05)
    patient = Patient(down("harsh"))
    with locked(known.home.state / f"{block_name(APP)}.turn", 0), pytest.raises(BackoutError, match="acting"):
        list(mend(known, offers(patient.found), yes))
    assert patient.tried == []


def test_what_carries_others_comes_first_and_what_is_well_by_then_is_left(known: Subject) -> None:
    """A slot that is started while its database is away ends again; with it, it may need no remedy at all."""
    mended: list[str] = []

    def mends(remedy: str) -> str:
        mended.append(remedy)
        return "done"

    bad = [down("restart green")]
    slots = Branch("slots", lambda: [] if mended else bad, mends)
    database = Branch("database", list, mends, carries=True)
    found = [Examined(slots, bad), Examined(database, [down("restart database", on="database")])]
    assert done(mend(known, offers(found), yes)) == [("restart database", True)]
    assert mended == ["restart database"]
