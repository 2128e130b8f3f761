from deployments.target_choice import within_reach
from domain.release import Release

APP = "shop/production"


def release(version: str, slot: str | None, *, quarantined_by: str | None = None) -> Release:
    return Release(application=APP, version=version, slot=slot, quarantined_by=quarantined_by)


def test_what_the_slots_hold_is_offered_newest_first() -> None:
    assert within_reach([release("2.0", "green"), release("1.0", "blue")]) == ["2.0", "1.0"]


def test_what_a_later_release_has_replaced_is_not() -> None:
    assert within_reach([release("3.0", "blue"), release("2.0", "green"), release("1.0", "blue")]) == [
        "3.0",
        "2.0",
    ]


def test_a_release_in_quarantine_is_not_offered_and_still_has_its_slot() -> None:
    bad = release("2.0", "green", quarantined_by="20261122-000000-shop-production-0000")
    assert within_reach([bad, release("1.0", "blue"), release("0.9", "green")]) == ["1.0"]


def test_a_release_whose_slot_nobody_named_is_offered() -> None:
    assert within_reach([release("2.0", None), release("1.0", None)]) == ["2.0", "1.0"]
