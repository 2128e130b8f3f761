"""What each runbook of the code does differently, on real slots: measure, try, hurry, keep evidence first."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.evidence import Evidence
from domain.assess import assess
from domain.errors import EvidenceNotKept
from domain.outcomes import Outcome
from domain.request import API_CHANGE, PERFORMANCE, SECURITY, SERVICE_OUTAGE
from domain.severity import Severity
from flows.api_breaking_change import take_back_if_compatible
from flows.path import take_back
from flows.performance_degradation import take_back_if_faster
from flows.security_vulnerability import keep_evidence_then_take_back
from flows.service_outage import restore_service
from tasks.assess import situation_of_request
from tasks.survey import look_around
from tests.flows.stage import Scene, Stage

pytestmark = pytest.mark.usefixtures("impatient")

PAGE: dict[str, Any] = {"kind": "probe", "name": "pages", "path": "/page", "requests": 4}
WIDGET: dict[str, Any] = {"kind": "http", "name": "widget", "path": "/widget", "expect": {"status": 200}}
TIME = "response time of pages"
DASHBOARDS = {
    "Grafana: latency": "https://grafana.example.com/d/1?from=a|b",
    "Sentry": "https://sentry.example.com/7",
}


def of(runbook: str, **fields: Any) -> dict[str, Any]:
    return {"runbook": runbook, "issue": runbook, **fields}


def order(scene: Scene) -> list[str]:
    """The acts of the only incident, as they began."""
    return [row["act"] for row in scene.data("act started")]


def posted(scene: Scene) -> list[str]:
    """The messages of the only incident, oldest first."""
    query = "SELECT message ->> 'title' AS title, message ->> 'text' AS text FROM outbox WHERE incident = %s ORDER BY id"
    with scene.installation() as here, here.store.database.transaction() as connection:
        rows = connection.execute(query, [scene.incident().id]).fetchall()
    return [f"{row['title']}\n{row['text']}" for row in rows]


@pytest.fixture
def slow(stage: Stage, tmp_path: Path) -> Iterator[Scene]:
    """The release that serves takes its time for pages; its health does not."""
    made = stage.scene(tmp_path, checks=[PAGE], policy={"preset": "mvp-011"}, dashboards=DASHBOARDS)
    (stage.folder / "blue.slow").write_text("0.3")
    yield made
    for slot in ("blue", "green"):
        (stage.folder / f"{slot}.slow").unlink(missing_ok=True)


def test_both_numbers_are_in_the_report(slow: Scene) -> None:
    assert slow.walk(take_back_if_faster, **of(PERFORMANCE)) is Outcome.ROLLED_BACK, slow.data("ending")
    [compared] = slow.data("compared again")
    after = {row["name"]: row["value"] for row in compared["findings"]}
    plan = slow.incident().plan
    assert plan is not None
    before = {row.name: row.value for row in plan.seen if row.on == "router"}
    assert after[TIME] < 0.2 < (before[TIME] or 0)
    assert "compare again" in plan.acts
    [row] = [line for line in slow.report().splitlines() if line.startswith(f"| {TIME} | router |")]
    assert row.count("p95") == 2, row


def test_the_report_says_that_the_objective_was_met_and_links_the_dashboards(slow: Scene) -> None:
    asked = {**of(PERFORMANCE), "severity": None, "force": True}
    assert slow.walk(take_back_if_faster, **asked) is Outcome.ROLLED_BACK, slow.data("ending")
    report = slow.report()
    [row] = [line for line in report.splitlines() if line.startswith("| RTO |")]
    assert "| 5 min |" in row
    assert row.endswith("| met | high severity, performance-degradation |")
    assert (
        "Look at [Grafana: latency](<https://grafana.example.com/d/1?from=a|b>), [Sentry](<https://sentry.example.com/7>)"
        in report
    )


def test_where_the_old_release_is_as_slow_nothing_is_switched(slow: Scene) -> None:
    (slow.stage.folder / "green.slow").write_text("0.9")
    assert slow.walk(take_back_if_faster, **of(PERFORMANCE)) is Outcome.WONT_HELP
    assert slow.stage.serving() == "blue"
    [ending] = slow.data("ending")
    assert "no faster" in ending["why"]


def test_where_users_wait_as_long_afterwards_people_are_called_and_nothing_is_flipped_back(
    slow: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in place, where the target could not be timed before."""
    monkeypatch.setattr("domain.doubts.no_faster", lambda *_both: None)
    (slow.stage.folder / "green.slow").write_text("0.9")
    assert slow.walk(take_back_if_faster, **of(PERFORMANCE)) is Outcome.WONT_HELP
    assert slow.stage.serving() == "green"
    assert slow.data("went back") == []
    with slow.installation() as here:
        assert [row.version for row in here.store.releases(slow.name) if row.quarantined_by] == []
    assert "users are no better off" in slow.report()
    said = posted(slow)
    assert "HELP NEEDED" in said[-1]
    assert "Current version**: 1.0" in said[-2]


def test_an_api_that_clients_do_not_understand_goes_back_to_one_they_do(stage: Stage, tmp_path: Path) -> None:
    scene = stage.scene(tmp_path, checks=[WIDGET])
    (stage.folder / "blue.incompatible").touch()
    assert scene.walk(take_back_if_compatible, **of(API_CHANGE)) is Outcome.ROLLED_BACK
    assert stage.serving() == "green"
    assert [row["better"] for row in scene.data("compared again")] == [True]
    plan = scene.incident().plan
    assert plan is not None
    tried = {(row.on, row.verdict) for row in plan.seen if row.name == "widget"}
    assert tried == {("router", "bad"), ("blue", "bad"), ("green", "ok")}


def test_a_release_that_fails_the_same_check_is_not_gone_back_to(stage: Stage, tmp_path: Path) -> None:
    scene = stage.scene(tmp_path, checks=[WIDGET])
    for slot in ("blue", "green"):
        (stage.folder / f"{slot}.incompatible").touch()
    assert scene.walk(take_back_if_compatible, **of(API_CHANGE)) is Outcome.WONT_HELP
    assert stage.serving() == "blue"
    assert scene.walk(take_back, run="of another runbook") is Outcome.ROLLED_BACK, "which does not try it"


def test_in_an_outage_evidence_comes_after_the_users(scene: Scene) -> None:
    (scene.stage.folder / "blue.unhealthy").touch()
    assert scene.walk(restore_service, **of(SERVICE_OUTAGE)) is Outcome.ROLLED_BACK
    acts = order(scene)
    assert acts.index("switch") < acts.index("verify") < acts.index("preserve")
    plan = scene.incident().plan
    assert plan is not None
    assert plan.acts == ["prepare", "switch", "verify", "preserve", "report", "soak"]
    assert "read logs" in acts, "it looks at the release before it blames it"


def test_an_outage_that_both_releases_share_is_not_the_releases(scene: Scene) -> None:
    for slot in ("blue", "green"):
        (scene.stage.folder / f"{slot}.unhealthy").touch()
    assert scene.walk(restore_service, **of(SERVICE_OUTAGE)) is Outcome.WONT_HELP
    assert scene.stage.serving() == "blue"


def test_evidence_of_an_intrusion_is_kept_before_people_are_told_or_anything_changes(scene: Scene) -> None:
    assert scene.walk(keep_evidence_then_take_back, **of(SECURITY)) is Outcome.ROLLED_BACK
    acts = order(scene)
    assert acts.index("preserve") < acts.index("announce") < acts.index("switch")
    plan = scene.incident().plan
    assert plan is not None
    assert "no check tells whether 1.0 has the same hole" in plan.at_risk[0]
    with scene.installation() as here:
        assert [row.version for row in here.store.releases(scene.name) if row.quarantined_by] == ["2.0"]


def test_evidence_that_cannot_be_kept_leaves_no_hole_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Evidence, name: str, _content: object) -> str:
        raise EvidenceNotKept(where=name, why="no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Evidence, "keep", full)
        assert scene.walk(keep_evidence_then_take_back, **of(SECURITY)) is Outcome.ROLLED_BACK
    assert scene.stage.serving() == "green"
    assert [row["act"] for row in scene.data("act failed")][:2] == ["preserve", "preserve"]


@pytest.mark.parametrize("runbook", [SERVICE_OUTAGE, SECURITY])
def test_of_these_critical_asks_nobody_and_a_lower_word_of_a_persons_asks(scene: Scene, runbook: str) -> None:
    with scene.installation() as here:
        document = scene.document
        seen = look_around(document)

        def asks(severity: Severity | None) -> bool:
            request = scene.request(**of(runbook, severity=severity))
            return assess(situation_of_request(here.store, document, request, seen)).consent is not None

        assert (asks(None), asks(Severity.HIGH)) == (False, True)
