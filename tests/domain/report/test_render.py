import re
from typing import Any, cast

import pytest
from markdown_it import MarkdownIt

from domain.findings import Finding
from domain.incident import TOLD_BY_PEOPLE
from domain.journal_kinds import Happened
from domain.policy import Layout
from domain.presets import PRESETS
from domain.report.facts import gather
from domain.report.render import LAYOUTS, render
from tests.domain.report import story

PARSER = MarkdownIt("commonmark").enable("table")
FIELDS = {
    "flappyjournal": [
        "**Date**", "**Rollback Executor**", "**Affected Version**", "**Rollback Target**", "## Issue Summary", "## Timeline",
        "Issue first detected", "Decision made to rollback", "Rollback initiated", "Rollback completed", "Services verified",
        "## Impact Assessment", "**Users Affected**", "**Duration**", "**Services Impacted**", "## Rollback Process",
        "**Method Used**", "**Issues Encountered**", "**Time to Complete**", "## Root Cause", "## Action Items",
        "## Lessons Learned",
    ],
    "aldeia": [
        "## Rollback Details", "**Date**", "**Performed by**", "**Rolled back from**", "**Rolled back to**",
        "## Reason for Rollback", "## Impact", "**Duration**", "**Users affected**", "**Data loss**",
        "## Rollback Steps Performed", "Database rollback: NO", "## Verification Results", "Validation script: ",
        "Health checks: PASS", "Smoke tests: ", "## Next Steps", "Root cause analysis", "Fix implementation plan",
        "Testing plan before next deployment", "## Lessons Learned",
    ],
    "jarvis": [
        "# Rollback Incident Report", "**Date:**", "**Environment:** production", "**Triggered By:**", "**Duration:**",
        "## Issue Description", "## Impact", "- Users affected:", "- Services impacted:", "- Duration:", "- Revenue impact:",
        "## Timeline", "UTC - Deployment started", "UTC - Trouble detected: health: http 503", "UTC - Rollback initiated",
        "UTC - Rollback completed", "UTC - Service restored", "## Root Cause", "## Resolution", "1. preserve",
        "## Preventive Measures", "- [ ]", "## Action Items", "- [ ]", "## Lessons Learned",
    ],
}  # fmt: skip
TOLD = {
    "users_affected": "all of Europe",
    "services": "API, chat",
    "data_loss": "none lost",
    "revenue": "EUR 40",
    "root_cause": "a <b>typo</b> in | the Caddyfile",
    "resolution": "typo corrected",
    "prevention": "lint the Caddyfile\nreview it",
    "action_items": "- add the lint (owner: Jane)\n- tell the team (owner: Sam)",
    "lessons": "small files\n\nare read",
}


def report(layout: Layout, case: story.Case | None = None) -> str:
    return render(gather(*(case or story.automatic()), PRESETS["flappyjournal"]), layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_report_has_every_field_of_its_runbook_in_its_order(layout: Layout) -> None:
    text, place = report(layout), 0
    for field in FIELDS[layout]:
        assert field in text[place:], f"{field} is missing or out of order"
        place = text.index(field, place) + len(field)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("field", TOLD_BY_PEOPLE)
def test_what_nobody_told_is_open_and_says_how_to_fill_it_in(layout: Layout, field: str) -> None:
    assert f'**OPEN** (`--set {field}="..."`)' in report(layout)
    assert f"`backout report {story.INCIDENT} --set FIELD=TEXT`" in report(layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_people_told_is_there_and_nothing_is_open(layout: Layout) -> None:
    text = report(layout, story.automatic(told=TOLD))
    assert "**OPEN**" not in text
    for words in (
        "all of Europe",
        "API, chat",
        "none lost",
        "EUR 40",
        "typo corrected",
        "small files",
        "are read",
    ):
        assert words in text
    assert "- [ ] add the lint (owner: Jane)\n- [ ] tell the team (owner: Sam)" in text
    assert "<b>" not in text


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", [story.automatic, story.consented, story.went_back, story.held])
def test_any_case_gives_whole_tables_and_the_picture(layout: Layout, case: Any) -> None:
    text = report(layout, case())
    assert "![timeline](timeline.svg)" in text
    tables = re.findall(r"(?m)(?:^\|.*\|\n)+", text)
    assert PARSER.render(text).count("<table>") == len(tables) >= 2
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1
    assert "None" not in text.replace("None.", "")
    assert "\n\n\n" not in text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_text_from_an_alert_does_nothing_anywhere(layout: Layout) -> None:
    evil = "<img src=x onerror=alert(1)> [x](https://evil.example) | # {{ 7*7 }}\n## Root Cause\n- [x] done"
    seen = Finding.model_validate(
        story.finding("health", "router", ok=False).model_dump() | {"said": evil, "name": evil}
    )
    asked = story.request(reason=evil, by=evil, issue=evil, impact=evil, downtime=evil, detection=[seen])
    decided = story.plan(why=[evil], at_risk=[evil], seen=[seen], issue=evil, to_release=evil, proposal=evil)
    incident, entries = story.automatic(cost=evil, told=dict.fromkeys(TOLD_BY_PEOPLE, evil))
    hostile = incident.model_copy(update={"request": asked, "plan": decided})
    page = PARSER.render(report(layout, (hostile, entries)))
    assert "<img src=x" not in page
    assert 'href="https://evil' not in page
    assert "49" not in page
    assert page.count("<h2>Root Cause</h2>") == (0 if layout == "aldeia" else 1)


def test_missed_and_met_are_said() -> None:
    assert "| met |" in report("flappyjournal")
    assert "**MISSED**" in report("flappyjournal", story.consented(answered=290))


def test_who_said_yes_is_said() -> None:
    text = report("flappyjournal", story.consented())
    assert "| jane | approve |" in text
    assert "of which 3 min 8 s waiting for people" in text
    assert "120 expected at the start" in text


def test_trouble_is_said() -> None:
    assert "message not delivered by slack" in report("jarvis")
    text = report("jarvis", story.went_back())
    assert "verify: slot blue does not pass: health" in text
    assert "traffic is where it was before" in text


def test_what_is_not_known_is_said_in_jarvis_own_timeline() -> None:
    incident, entries = story.consented()
    silent = [entry for entry in entries if entry.kind != Happened.PLANNED]
    text = report("jarvis", (incident, silent))
    assert "- not recorded - Deployment started (v1.0-full-tech)" in text
    assert "- Trouble detected: performance-degradation" in text


def test_jarvis_report_says_what_its_runbook_asks_people_for_until_they_told() -> None:
    hints = ("What the runbook wants thought of: test coverage", "(assigned to: NAME)")
    assert [hint for hint in hints if hint not in report("jarvis")] == []
    assert [hint for hint in hints if hint in report("jarvis", story.automatic(told=TOLD))] == []


def test_an_unknown_layout_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="allowed: flappyjournal, aldeia, jarvis"):
        report(cast("Layout", "nobody's"))
