import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from domain.report.palette import COLOURS
from domain.report.timeline import headline, png, svg
from tests.domain.report import story

CASES = [story.automatic, story.consented, story.went_back, story.held]


def facts(case: story.Case) -> Facts:
    return gather(*case, PRESETS["flappyjournal"])


@pytest.mark.parametrize("case", CASES)
def test_the_same_facts_give_the_same_bytes(case: Any) -> None:
    first, second = svg(facts(case())), svg(facts(case()))
    assert first == second
    assert b"<dc:date>" not in first


@pytest.mark.parametrize("case", CASES)
def test_each_phase_is_a_bar_in_its_colour(case: Any) -> None:
    found = facts(case())
    picture = svg(found).decode()
    ET.fromstring(picture)  # noqa: S314 -- drawn by ourselves
    colours = {COLOURS[phase.name].lower() for phase in found.phases}
    assert colours <= set(re.findall(r"#[0-9a-f]{6}", picture.lower()))


def test_a_png_is_a_png() -> None:
    assert png(facts(story.automatic())).startswith(b"\x89PNG\r\n\x1a\n")


def test_the_title_says_what_became_of_it() -> None:
    assert (
        headline(facts(story.automatic()))
        == "flappyjournal/production  v1.0-full-tech → v0.9-backup: rolled back"
    )
    assert headline(facts(story.held())) == "flappyjournal/production  v1.0-full-tech → no target: held"


def test_an_incident_of_which_nothing_is_known_yet_has_a_picture() -> None:
    incident, _ = story.held()
    young = incident.model_copy(update={"plan": None, "outcome": None, "opened_at": incident.request.at})
    assert svg(facts((young, [])))


@pytest.mark.parametrize("version", ["$\\frac{1}{", "\u202e\u6f22\u5b57", "v" * 300, "<b>&"])
def test_a_strange_version_breaks_no_picture(version: str) -> None:
    incident, entries = story.automatic()
    assert incident.plan is not None
    plan = incident.plan.model_copy(update={"to_release": version})
    found = facts((incident.model_copy(update={"plan": plan}), entries))
    ET.fromstring(svg(found))  # noqa: S314 -- drawn by ourselves
    assert len(headline(found)) <= 110
