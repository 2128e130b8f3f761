"""Facts from the stories, and stories that go on."""

from domain.journal_kinds import Happened
from domain.presets import PRESETS
from domain.report.facts import Facts, gather
from tests.domain.report import story


def facts(case: story.Case, preset: str = "flappyjournal") -> Facts:
    return gather(*case, PRESETS[preset])


def more(case: story.Case, *steps: story.Step) -> story.Case:
    """The case with these steps behind it."""
    incident, entries = case
    rows = [((entry.at - story.START).total_seconds(), Happened(entry.kind), entry.data) for entry in entries]
    return incident, story.entries([*rows, *steps])
