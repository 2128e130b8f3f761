import pytest

from domain.explain import CHECKLISTS, Mark, checklist
from domain.findings import Finding, Verdict
from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from tests.domain.report import story


def facts(case: story.Case) -> Facts:
    return gather(*case, PRESETS["flappyjournal"])


def marks(found: Facts, runbook: str) -> dict[str, Mark]:
    return {row.item.partition(":")[0]: row.mark for row in checklist(found, runbook)}


def seen(*findings: Finding) -> Facts:
    return facts(story.automatic()).model_copy(update={"verified": list(findings), "watched": []})


def test_the_lists_are_as_long_as_in_the_runbooks() -> None:
    assert {name: len(rows) for name, rows in CHECKLISTS.items()} == {
        "flappyjournal": 4,
        "mvp-011": 7,
        "aldeia": 13,
    }
    assert len(checklist(facts(story.automatic()))) == 4 + 7 + 13


def test_rows_are_ticked_from_what_was_seen_and_else_open() -> None:
    assert marks(facts(story.automatic()), "mvp-011") == {
        "Health check": Mark.DONE,
        "Environment switch": Mark.DONE,
        "Version verification": Mark.DONE,
        "Core functionality": Mark.OPEN,
        "Performance": Mark.DONE,
        "Error rate": Mark.OPEN,
        "Monitoring": Mark.OPEN,
    }


def test_what_people_told_ticks_their_rows() -> None:
    rows = marks(facts(story.automatic(told={"root_cause": "a typo", "lessons": "read"})), "aldeia")
    assert rows["Root cause analysis scheduled"] is rows["Lessons learned documented"] is Mark.DONE
    assert rows["Fix plan created"] is Mark.OPEN
    assert rows["Team notified"] is Mark.DONE


def test_what_went_wrong_is_failed_and_never_ticked() -> None:
    rows = marks(facts(story.went_back()), "mvp-011")
    assert rows["Health check"] is rows["Environment switch"] is Mark.FAILED


def test_another_version_than_the_planned_one_fails() -> None:
    other = story.finding("health", "router", version="v1.0-full-tech")
    assert marks(seen(other), "mvp-011")["Version verification"] is Mark.FAILED


def test_no_data_ticks_nothing_and_fails_nothing() -> None:
    nothing = Finding(name="error-rate", on="router", verdict=Verdict.NO_DATA, said="no samples")
    assert marks(seen(nothing), "mvp-011")["Error rate"] is Mark.OPEN


@pytest.mark.parametrize(
    ("name", "item"),
    [
        ("login", "Authentication working"),
        ("auth-health", "Authentication working"),
        ("database", "Database accessible"),
        ("log-errors", "Logs showing no errors"),
        ("cpu", "Resource usage normal"),
        ("smoke-notes", "Smoke tests passed"),
        ("alerts", "Monitoring alerts cleared"),
    ],
)
def test_a_check_ticks_the_row_its_name_speaks_of(name: str, item: str) -> None:
    assert marks(seen(story.finding(name, "router")), "aldeia")[item] is Mark.DONE


def test_a_check_that_was_not_repeated_is_not_called_missing() -> None:
    found = facts(story.held())
    rows = {row.item: row.because for row in checklist(found, "flappyjournal")}
    assert (
        rows["Health checks: all services respond correctly"] == "health was not looked at after the rollback"
    )
    assert rows["Performance: response times within limits"].startswith("no check is named latency")


def test_a_login_is_no_log() -> None:
    assert marks(seen(story.finding("login", "router")), "aldeia")["Logs showing no errors"] is Mark.OPEN


@pytest.mark.parametrize(("watch_ok", "mark"), [(True, Mark.DONE), (False, Mark.OPEN), (None, Mark.OPEN)])
def test_logs_and_resources_are_the_watchs_where_no_check_is_theirs(
    watch_ok: bool | None, mark: Mark
) -> None:
    watched = seen(story.finding("health", "router")).model_copy(update={"watch_ok": watch_ok})
    rows = marks(watched, "aldeia")
    assert (rows["Logs showing no errors"], rows["Resource usage normal"]) == (mark, mark)


def test_the_watch_is_newer_than_the_verification() -> None:
    worse = story.finding("health", "router", ok=False)
    found = facts(story.automatic()).model_copy(update={"watched": [worse], "watch_ok": False})
    assert marks(found, "flappyjournal")["Health checks"] is Mark.FAILED
    assert marks(found, "mvp-011")["Monitoring"] is Mark.FAILED


def test_an_unknown_runbook_raises() -> None:
    with pytest.raises(KeyError):
        checklist(facts(story.automatic()), "nobody's")
