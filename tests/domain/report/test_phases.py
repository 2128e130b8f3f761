from domain.journal_kinds import Happened
from tests.domain.report import story
from tests.domain.report.gathered import facts, more


def test_a_restart_that_repeats_acts_counts_them_once() -> None:
    again = [
        (5.0, Happened.TAKEN_OVER, {"run": "second", "token": 2}),
        *story.act("switch", 5.1, 5.2),
        (5.2, Happened.SWITCHED, {"receipt": story.receipt(changed=False)}),
        *story.act("verify", 5.3, 6.0),
        story.looked(6.0, "blue", story.AFTER, ok=True),
    ]
    found = facts(more(story.automatic(), *again))
    assert found.times.switched == story.at(3.54)
    assert found.times.verified == story.at(6.0)
    assert [phase.name for phase in found.phases].count("switch") == 2
    assert found.acts == ["preserve", "prepare", "switch", "verify"]


def test_an_act_that_was_killed_runs_on_until_it_was_done_again() -> None:
    incident, entries = story.automatic()
    killed = [entry for entry in entries if (entry.kind, entry.data.get("act")) != ("act done", "verify")]
    found = facts(more((incident, killed), *story.act("verify", 9.0, 9.5)))
    verify = next(phase for phase in found.phases if phase.name == "verify")
    assert (verify.start, verify.end, verify.ended) == (story.at(3.55), story.at(9.5), True)


def test_an_act_that_never_ended_says_so() -> None:
    incident, entries = story.automatic()
    until = next(number for number, entry in enumerate(entries) if entry.kind == "switched")
    found = facts((incident, [entry for entry in entries[: until + 1] if entry.kind != "act done"]))
    assert {phase.name: phase.ended for phase in found.phases}["switch"] is False


def test_phases_follow_each_other_by_their_start() -> None:
    found = facts(story.consented())
    assert [phase.name for phase in found.phases] == [
        "start",
        "decide",
        "wait",
        "preserve",
        "prepare",
        "switch",
        "verify",
    ]
    assert [phase.name for phase in facts(story.went_back()).phases][-2:] == ["verify", "go back"]
