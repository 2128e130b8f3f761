"""The runbooks' message templates, and templates of one's own in Jinja's sandbox."""

from typing import Any

import pytest

from domain.message import Message, Moment, Stage
from domain.message_templates import NAMES, problems
from domain.messages import message
from domain.outcomes import Outcome
from domain.presets import PRESETS
from domain.report.facts import gather
from tests.domain.report import story

RUNBOOKS = {
    ("noteshub", Moment.STARTED): ("🔴 ROLLBACK IN PROGRESS", ["**Version**: v1.0-full-tech → v0.9-backup", "**Reason**", "**Status**", "**ETA**"]),
    ("noteshub", Moment.SWITCHED): ("🔴 ROLLBACK: flappyjournal/production reverted to v0.9-backup", ["**Version**", "**Reason**"]),
    ("noteshub", Moment.ENDED): (
        "✅ ROLLBACK COMPLETED", ["**Version**: now running v0.9-backup", "**Status**", "**Impact**", "**Next steps**", "post-mortem"],
    ),
    ("mvp-011", Moment.SWITCHED): (
        "🚨 DEPLOYMENT ROLLBACK EXECUTED",
        ["**Environment**: production, GREEN → BLUE", "**Reason**", "**Impact**", "**ETA for resolution**", "monitoring recovery"],
    ),
    ("mvp-011", Moment.ENDED): (
        "✅ ROLLBACK COMPLETED",
        ["**Environment**", "**Duration**: 3 min 24 s", "**Customer impact**", "**Root cause**", "**Prevention**", "**Status**", "monitoring"],
    ),
    ("aldeia", Moment.STARTED): (
        "🚨 ROLLBACK IN PROGRESS", ["**Rollback initiated by**: sam", "**Reason**", "**Affected services**", "**Expected downtime**"],
    ),
    ("aldeia", Moment.ENDED): ("✅ ROLLBACK COMPLETE", ["**Services restored to**: v0.9-backup", "**Completed**: 2026-11-22"]),
    ("flappyjournal", Moment.ENDED): (
        "[RESOLVED] flappyjournal/production: rollback completed",
        ["Dear team", "from v1.0-full-tech to v0.9-backup", "**Status**: ✅ Resolved", "**Rollback time**: 3 min 24 s",
         "**Current version**: v0.9-backup", "**Impact**", "**Next steps**", "Questions go to whoever is first"],
    ),
    ("jarvis", Moment.STARTED): (
        "⚠️ ROLLBACK IN PROGRESS: Production deployment of flappyjournal", ["**Environment**", "**Triggered by**: sam", "**Reason**"],
    ),
}  # fmt: skip


def said(moment: Moment, **over: Any) -> Message:
    incident, entries = story.consented()
    late = moment is Moment.ENDED
    found = gather(incident, entries, PRESETS["flappyjournal"]) if late else None
    if not late:
        incident = incident.model_copy(update={"outcome": None})
    return message(moment, incident, incident.plan, facts=found, **over)


@pytest.mark.parametrize(("layout", "moment"), RUNBOOKS)
def test_a_runbooks_template_has_its_fields(layout: str, moment: Moment) -> None:
    title, fields = RUNBOOKS[layout, moment]
    told = said(moment, layout=layout)
    assert told.title.startswith(title)
    assert [field for field in fields if field not in told.text] == []
    assert story.INCIDENT in told.text


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "default"])
def test_each_runbooks_preset_uses_its_own_templates(name: str) -> None:
    assert PRESETS[name].message_layout == name
    assert [moment for layout, moment in RUNBOOKS if layout == name]


@pytest.mark.parametrize("layout", ["backout", *sorted({layout for layout, _ in RUNBOOKS})])
@pytest.mark.parametrize("moment", Moment)
def test_every_layout_can_say_every_moment_before_there_is_a_plan(layout: str, moment: Moment) -> None:
    incident, _ = story.held()
    told = message(moment, incident.model_copy(update={"plan": None, "outcome": None}), None, layout=layout)
    assert "None" not in told.text
    assert "None" not in told.title


@pytest.mark.parametrize("layout", sorted({layout for layout, _ in RUNBOOKS}))
def test_a_bad_end_is_never_told_in_the_words_of_a_good_one(layout: str) -> None:
    incident, _ = story.consented()
    stuck = incident.model_copy(update={"outcome": Outcome.STUCK})
    told = message(Moment.ENDED, stuck, stuck.plan, layout=layout)
    assert "COMPLETE" not in told.title
    assert "RESOLVED" not in told.title
    assert "neither the target nor the way back" in told.text


def test_a_template_of_ones_own_takes_the_place_of_all_others() -> None:
    own = {"started.md.j2": '{% set title = "Hear ye: " ~ incident.application %}Now {{ versions }}.'}
    told = said(Moment.STARTED, layout="noteshub", own=own)
    assert told.title == "Hear ye: flappyjournal/production"
    assert told.text == "Now v1.0-full-tech → v0.9-backup.\n"
    assert said(Moment.ENDED, own=own).text == said(Moment.ENDED).text


def test_a_part_of_ones_own_takes_the_place_of_ours() -> None:
    own = {"_more.md.j2": "Call us.", "ended.md.j2": '{% include "messages/_more.md.j2" %}'}
    assert said(Moment.ENDED, own=own).text == "Call us.\n"


def test_what_the_public_reads_can_be_ones_own() -> None:
    told = said(Moment.STARTED, own={"public.md.j2": "We are sorry ({{ stage }})."})
    assert told.public == "We are sorry (investigating)."


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ incident.__init__.__globals__ }}",
        "{% for one in range(10 ** 9) %}x{% endfor %}",
        "{% set _ = contacts.append(1) %}{{ contacts.append }}{{ nothing }}",
        "{{ nothing }}",
        "{{ 1 // 0 }}",
        "{% if %}",
        "{% include '/etc/passwd' %}",
        "{% include '../../../messages.py' %}",
    ],
)
def test_one_that_fails_or_reaches_out_is_passed_over_and_named(attack: str) -> None:
    told = said(Moment.STARTED, own={"started.md.j2": attack})
    assert "**Initiated by**: sam" in told.text
    assert "template started" in told.text
    assert "cannot be used" in told.text


def test_values_are_escaped_in_templates_of_ones_own_too() -> None:
    incident, _ = story.consented()
    evil = incident.model_copy(
        update={"request": incident.request.model_copy(update={"reason": "<b>[x](http://y)"})}
    )
    told = message(Moment.STARTED, evil, evil.plan, own={"started.md.j2": "{{ request.reason }}"})
    assert "<b>" not in told.text
    assert "[x](" not in told.text


def test_the_public_is_told_no_version_reason_or_name() -> None:
    for moment in Moment:
        public = said(moment).public
        assert public
        assert not [
            word
            for word in ("v1.0", "v0.9", "sam", "blue", "green", "flappyjournal", "```")
            if word in public
        ]


def test_a_good_end_is_watched_before_it_is_resolved() -> None:
    assert said(Moment.STARTED).stage is Stage.INVESTIGATING
    assert said(Moment.ASKED).stage is Stage.IDENTIFIED
    assert said(Moment.SWITCHED).stage is Stage.MONITORING
    assert said(Moment.ENDED).stage is Stage.MONITORING


def test_names_and_syntax_are_looked_at() -> None:
    assert problems(dict.fromkeys(NAMES, "{{ incident.id }}")) == []
    assert problems({"startled.md.j2": ""}) == ["startled.md.j2 is no message's template"]
    [problem] = problems({"started.md.j2": "{% if %}"})
    assert problem.startswith("started.md.j2: ")
