import pytest

from domain.offers import Start, offers, said, start_of, typed


def test_the_smallest_ways_out_come_first() -> None:
    found = offers(["backend", "config", "flag:new-checkout"], hotfix=True)
    assert found == ["config", "flag:new-checkout", "backend", "hotfix"]
    assert offers([], hotfix=False) == []
    assert offers(["config"], hotfix=True, restart=True) == ["restart", "config", "hotfix"]
    assert offers(["config"], hotfix=False, restart=True, shift=True) == ["restart", "shift", "config"]


@pytest.mark.parametrize(
    ("taken", "starts"),
    [
        ("config", Start("rollback", only="config")),
        ("flag:new-checkout", Start("rollback", only="flag:new-checkout")),
        ("hotfix:2.0.1", Start("hotfix", target="2.0.1")),
        ("restart", Start("restart")),
        ("shift:50", Start("shift-traffic", share=50)),
        ("shift:5", Start("shift-traffic", share=5)),
        ("shift", None),
        ("shift:", None),
        ("shift:0", None),
        ("shift:100", None),
        ("shift:half", None),
        ("hotfix", None),
        ("hotfix:", None),
        ("hotfix:--force", None),
        ("hotfix:2.0.1; rm", None),
        ("frontend", None),
        ("", None),
    ],
)
def test_only_what_is_offered_starts(taken: str, starts: Start | None) -> None:
    assert start_of(taken, ["restart", "shift", "config", "flag:new-checkout", "hotfix"]) == starts
    assert start_of(taken, []) is None


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ("restart", "restart what serves, in place"),
        ("config", "restore the configuration alone"),
        ("flag:new", "disable the flag new"),
        ("backend", "take back backend alone"),
        ("hotfix", "put a fixed release in place"),
        ("shift", "move a part of the traffic, keep the rest"),
    ],
)
def test_an_offer_in_words(offer: str, words: str) -> None:
    assert said(offer) == words


def test_what_must_be_added_is_shown_where_the_command_is() -> None:
    asked = offers(["config"], hotfix=True, restart=True, shift=True)
    assert list(map(typed, asked)) == ["restart", "shift:PER_CENT", "config", "hotfix:RELEASE"]
