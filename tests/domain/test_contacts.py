from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.contacts import Contact, Hours, approvers, called, path, person, problem, two_people

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 12, tzinfo=UTC)


def contact(role: str, **fields: Any) -> Contact:
    return Contact.model_validate({"role": role, "reach": "+49", **fields})


ANN = contact("on-call", name="Ann", identities={"unix": "ann", "slack": "U0ANN"})
BOB = contact("lead", name="Bob", identities={"slack": "U0BOB"})
OFFICE = contact("product", hours={"timezone": "Europe/Berlin"})
LINODE = contact("hosting", supplier=True)


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        (MONDAY, True),
        (SATURDAY, False),
        (MONDAY.replace(hour=7, minute=59), False),
        (MONDAY.replace(hour=8), True),
        (MONDAY.replace(hour=17), False),
    ],
)
def test_business_hours_are_those_of_their_time_zone(at: datetime, holds: bool) -> None:
    hours = Hours(timezone="Europe/Berlin")
    assert hours.hold(at) is holds


def test_hours_move_with_daylight_saving() -> None:
    hours = Hours(timezone="Europe/Berlin")
    assert hours.hold(datetime(2026, 7, 6, 7, 30, tzinfo=UTC))
    assert not hours.hold(datetime(2026, 12, 7, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Berlin"},
        {"timezone": "../../etc/passwd"},
        {"days": []},
        {"days": ["monday"]},
        {"opens": time(18)},
    ],
)
def test_hours_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate(wrong)


def test_one_person_has_one_name_on_every_way() -> None:
    both = [ANN, BOB, contact("deputy", name="Ann", identities={"unix": "ann"})]
    by_login, by_slack = person(both, "unix", "ann"), person(both, "slack", "U0ANN")
    assert by_login is not None
    assert by_slack is not None
    assert by_login.name == by_slack.name == "ann"
    assert by_login.roles == ("on-call", "Ann", "deputy")
    assert person(both, "slack", "U0EVE") is None


def test_a_typed_name_is_that_contact_or_somebody_whom_none_knows() -> None:
    assert called([ANN], "Ann").name == "ann"
    assert called([ANN], "ann").roles == ("on-call", "Ann")
    assert (called([ANN], "eve").name, called([ANN], "eve").roles) == ("eve", ())


def test_the_path_gives_each_contact_time_and_passes_over_who_is_out_of_hours() -> None:
    steps, end = path([ANN, OFFICE, LINODE, BOB], SATURDAY, 60)
    assert [(step.who, (step.at - SATURDAY).total_seconds()) for step in steps] == [
        ("on-call, Ann", 0),
        ("lead, Bob", 60),
    ]
    assert end - SATURDAY == timedelta(seconds=120)
    assert [step.who for step in path([ANN, OFFICE], MONDAY, 60)[0]] == ["on-call, Ann", "product"]


def test_a_contact_with_its_own_time_is_called_then() -> None:
    late = contact("cto", after_s=600)
    steps, end = path([ANN, late, BOB], MONDAY, 60)
    assert [(step.at - MONDAY).total_seconds() for step in steps] == [0, 600, 660]
    assert end - MONDAY == timedelta(seconds=720)


def test_a_path_without_anybody_still_ends() -> None:
    assert path([LINODE], MONDAY, 60) == ([], MONDAY + timedelta(seconds=60))


def test_approvers_are_roles_or_names_of_contacts_that_can_answer() -> None:
    found = approvers([ANN, BOB, OFFICE, LINODE], ["on-call", "Bob", "product", "nobody"])
    assert found == {"on-call": {"ann"}, "Bob": {"Bob"}, "product": set(), "nobody": set()}


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ((1, [], False), ""),
        ((1, ["lead"], False), ""),
        ((2, ["lead", "on-call"], True), ""),
        ((1, ["laed"], False), "laed: no contact with `identities`"),
        ((1, ["product"], False), "product: no contact"),
        ((2, ["lead"], False), "only 1 may answer"),
    ],
)
def test_a_policy_that_nobody_can_answer_is_found(consent: tuple[int, list[str], bool], said: str) -> None:
    found = problem([ANN, BOB, OFFICE], consent)
    assert said in found
    assert bool(found) == bool(said)


def test_escalating_to_suppliers_alone_is_found() -> None:
    assert "whom to call next" in problem([LINODE], (1, [], True))
    assert "whom to call next" in problem([], (1, [], True))


def test_an_identity_of_two_people_is_found() -> None:
    assert two_people([ANN, contact("twin", name="Eve", identities={"slack": "U0ANN"})])
    assert two_people([ANN, BOB]) == ""


@pytest.mark.parametrize(
    "wrong", [{"slack": "@ann"}, {"slack": "ann"}, {"unix": "Ann Smith"}, {"phone": "1"}]
)
def test_an_identity_that_is_none_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        contact("on-call", identities=wrong)


def test_how_to_reach_them_says_when() -> None:
    assert OFFICE.said == "+49 (mon, tue, wed, thu, fri 09:00-18:00 Europe/Berlin)"
    assert LINODE.said == "+49 (supplier)"


def test_one_person_whose_proofs_stand_in_two_entries_is_found() -> None:
    split = [contact("on-call", name="Eve", identities={"unix": "eve"}),
             contact("lead", name="Eve", identities={"slack": "U0EVE"})]  # fmt: skip
    assert two_people(split) == "name Eve is Eve and eve"
