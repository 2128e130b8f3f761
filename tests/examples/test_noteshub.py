"""NotesHub's `backout.yaml`: what the watch makes of it."""

from pathlib import Path

from blocks import configuration
from blocks.watch_settings import unwatched
from domain.findings import Finding, Verdict
from domain.triggers import window_of

FILE = Path(__file__).parents[2] / "examples" / "noteshub" / "backout.yaml"
ADDRESS = "postgresql://notes@127.0.0.1/notes"


def test_one_failed_connection_to_the_database_and_a_refused_password_start_nothing() -> None:
    [described] = configuration.read([FILE])
    document = configuration.document(described.raw, "a test", {"NOTESHUB_DATABASE_URL": ADDRESS})
    [trigger] = [one for one in document.watch.all_triggers if "database" in one.signals]
    window = window_of(trigger, {})

    def fires(verdict: Verdict) -> bool:
        return bool(window.add(Finding(name="database", on="router", verdict=verdict, said=""), 0.0))

    assert not any(fires(Verdict.NO_DATA) for _ in range(9))
    assert [fires(Verdict.BAD) for _ in range(3)] == [False, False, True]
    assert unwatched(described.raw) == [
        "trigger error-rate is not watched: no signal named error-rate",
        "trigger error-rate warning is not watched: no signal named error-rate",
        "trigger error-rate critical is not watched: no signal named error-rate",
    ]
