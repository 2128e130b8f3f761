"""Windows that are kept: a restart at any moment changes nothing that fires."""

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from blocks import configuration
from blocks.document import Document
from blocks.installation import Installation
from blocks.store.watch_windows import Kept, Mark, Sampled
from deployments import trigger_windows
from deployments.trigger_windows import TriggerWindows
from deployments.watch_record import WatchRecord
from domain.findings import Finding, Verdict
from domain.triggers import Baseline, Trigger, Window
from domain.triggers.window import HELD
from tests.blocks.configuration.documents import DB_URL, changed

PAUSES = {"health": 200.0, "latency": 5.0}
TRIGGERS = [
    {"failures": 3},
    {"name": "slow", "signal": "latency", "above": 2, "for_s": 20, "of": "mean", "issue": "service-outage"},
    {"name": "both", "issue": "service-outage", "all": [{"failures": 2}, {"signal": "latency", "above": 2, "for_s": 10}]},
    {"name": "slower", "signal": "latency", "rise": 50, "of": "mean", "for_s": 15, "issue": "service-outage"},
]  # fmt: skip


class Memory:
    """What a store would keep, and the watch's clock."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.samples: list[Sampled] = []
        self.firings: dict[str, Mark] = {}
        self.baselines: dict[tuple[str, str], Baseline] = {}

    def now(self) -> float:
        return self.clock

    def sampled(self, sample: Sampled) -> None:
        self.samples.append(sample)

    def marked(self, _application: str, trigger: str, mark: Mark) -> None:
        self.firings[trigger] = mark

    def measured(self, _application: str, baseline: Baseline) -> None:
        self.baselines.pop((baseline.measure, baseline.release), None)
        self.baselines[baseline.measure, baseline.release] = baseline

    def kept(self) -> Kept:
        return Kept(list(self.samples), dict(self.firings), list(self.baselines.values()))


class Firings:
    """In the place of what a firing sets off."""

    def __init__(self, document: Document, trigger: Trigger) -> None:
        self.application = document.name
        self.trigger = trigger.name
        self.held = ""

    def send(self, here: Any, window: Window, samples: list[Finding]) -> None:
        seen = [(sample.name, sample.said) for sample in samples]
        here.fired.append((self.trigger, seen, window.said(), self.application))


class HeldBack(Firings):
    """One that starts nothing as long as the installation says why."""

    def send(self, here: Any, window: Window, samples: list[Finding]) -> None:
        super().send(here, window, samples)
        self.held = here.why


def document() -> Document:
    raw = changed("watch", to={"preset": "none", "triggers": TRIGGERS})
    return configuration.document(raw, "a test", {"DB_URL": DB_URL})


def finding(name: str, sign: str, number: int) -> Finding:
    verdict = {"b": Verdict.BAD, "?": Verdict.NO_DATA}.get(sign, Verdict.OK)
    value = {"o": 1.0, "b": 3.0}.get(sign) if name == "latency" else None
    return Finding(name=name, on="router", verdict=verdict, said=str(number), value=value, unit="s")


Step = tuple[str, str, float, str]


def walked(steps: list[Step], restarts: set[int]) -> list[Any]:
    """What fires, where the watch is started anew before these steps."""
    memory, described = Memory(), document()
    here = SimpleNamespace(fired=[], store=SimpleNamespace(holder=lambda _application: None))

    def started() -> TriggerWindows:
        return TriggerWindows(described, cast(WatchRecord, memory), PAUSES, memory.kept())

    windows = started()
    with patch.object(trigger_windows, "Firing", Firings):
        for number, (name, sign, pause, release) in enumerate(steps):
            if number in restarts:
                windows = started()
            memory.clock += pause
            windows.take(cast(Installation, here), finding(name, sign, number), memory.clock, release)
    fired: list[Any] = here.fired
    return fired


steps = st.lists(
    st.tuples(
        st.sampled_from(["health", "latency"]),
        st.sampled_from("ob?"),
        st.sampled_from([1.0, 4.0, 5.0, 9.0]),
        st.sampled_from(["1.0", "1.0", "1.0", "2.0"]),
    ),
    max_size=60,
)


@given(steps, st.sets(st.integers(min_value=0, max_value=59), max_size=5))
def test_a_restart_changes_nothing_that_fires(run: list[Step], restarts: set[int]) -> None:
    assert walked(run, restarts) == walked(run, set())


def test_a_signal_that_measures_in_another_unit_is_said_to_count_as_missing() -> None:
    raw = changed("watch", to={"preset": "jarvis"})
    windows = TriggerWindows(
        configuration.document(raw, "a test", {"DB_URL": DB_URL}), cast(WatchRecord, Memory()), PAUSES, Kept()
    )
    sample = Finding(name="error-rate", on="router", verdict=Verdict.OK, said="", value=7.0)
    said = windows.take(cast(Installation, None), sample, 0.0, "1.0")
    assert (
        said == "trigger error-rate compares %, and error-rate measures without a unit: it counts as missing"
    )


def test_each_kind_of_rule_fires_here() -> None:
    run: list[Step] = [("latency", "o", 5.0, "1.0")] * 5
    run += [("latency", "b", 5.0, "2.0"), ("health", "b", 1.0, "2.0")] * 9
    assert {fired[0] for fired in walked(run, {7})} == {"health", "slow", "both", "slower"}


def test_what_is_held_back_is_said_and_offered_again_until_it_starts_or_is_over() -> None:
    memory, described = Memory(), document()
    here = SimpleNamespace(
        fired=[], why="cooling", store=SimpleNamespace(holder=lambda _app: SimpleNamespace(alive=True))
    )
    windows = TriggerWindows(described, cast(WatchRecord, memory), PAUSES, Kept())

    def sample(sign: str, at: float) -> str:
        memory.clock = at
        return windows.take(cast(Installation, here), finding("health", sign, 0), at, "")

    later = HELD.total_seconds()
    with patch.object(trigger_windows, "Firing", HeldBack):
        assert [sample("b", at) for at in (1, 2, 3, 4)] == ["", "", "cooling", "cooling"]
        assert [fired[0] for fired in here.fired] == ["health"]
        assert memory.firings == {}, "after a restart it is offered again at once"
        sample("b", 3 + later)
        assert len(here.fired) == 2, "though an incident is open: what becomes of it is decided, not guessed"
        here.why = ""
        assert sample("b", 3 + 2 * later) == ""
        assert memory.firings == {"health": Mark(3 + 2 * later)}
        assert sample("b", 3 + 3 * later) == ""
        assert len(here.fired) == 3
        here.why = "capped"
        assert sample("o", 400) == ""
        assert [sample("b", at) for at in (401, 402, 403)] == ["", "", "capped"]
        assert [sample("o", 404), sample("b", 405)] == ["", ""], "it is over"
