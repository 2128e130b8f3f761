"""What every signal must do. A test class subclasses it and gives `signal`, `settings`, and places to look at."""

from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.signals.contract import Place, Signal
from domain.findings import Verdict


def signal(kind: str, **settings: Any) -> Signal:
    """The signal as `backout.yaml` would make it."""
    made = adapter_class("signals", kind).model_validate({"kind": kind, **settings})
    assert isinstance(made, Signal)
    return made


class SignalContract:
    """Fixtures of the subclass.

    `settings`: all of the adapter's entry in `backout.yaml`. `well`: a place where it is ok. `ill`: one where it is
    bad. `unmeasured`: one where nothing can be measured.
    """

    def test_says_ok_and_where(self, settings: dict[str, Any], well: Place) -> None:
        finding = signal(**{**settings, "name": "mine"}).observe(well)
        assert (finding.name, finding.on, finding.verdict) == ("mine", well.name, Verdict.OK), finding.said
        assert finding.said
        assert finding.symptom == ""

    def test_says_bad_in_one_line_with_a_symptom(self, settings: dict[str, Any], ill: Place) -> None:
        finding = signal(**settings).observe(ill)
        assert finding.verdict is Verdict.BAD, finding.said
        assert finding.symptom
        assert len(finding.said.splitlines()) == 1

    def test_the_same_trouble_has_the_same_symptom(self, settings: dict[str, Any], ill: Place) -> None:
        made = signal(**settings)
        assert made.observe(ill).symptom == made.observe(ill).symptom

    def test_nothing_measured_is_no_data(self, settings: dict[str, Any], unmeasured: Place) -> None:
        finding = signal(**settings).observe(unmeasured)
        assert (finding.verdict, finding.symptom) == (Verdict.NO_DATA, "")

    def test_its_name_is_its_kind_where_it_has_none(self, settings: dict[str, Any]) -> None:
        assert signal(**settings).name == settings["kind"]

    def test_an_unknown_key_raises(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            signal(**settings, colour="red")


class NetworkSignalContract(SignalContract):
    """A signal that asks over the network. `quick`: the settings that make it give up within half a second."""

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("blue", None)

    def test_refused_is_bad(self, settings: dict[str, Any], nobody: Place) -> None:
        finding = signal(**settings).observe(nobody)
        assert finding.verdict is Verdict.BAD
        assert "refused" in finding.symptom

    def test_a_place_that_never_answers_ends_at_the_timeout(
        self, settings: dict[str, Any], quick: dict[str, Any], mute: Place
    ) -> None:
        finding = signal(**settings, **quick).observe(mute)
        assert finding.verdict is Verdict.BAD
        assert "timeout" in finding.symptom

    def test_a_place_that_answers_drop_by_drop_ends_at_the_timeout(
        self, settings: dict[str, Any], quick: dict[str, Any], dripping: Place
    ) -> None:
        finding = signal(**settings, **quick).observe(dripping)
        assert finding.verdict is Verdict.BAD
        assert "timeout" in finding.symptom

    def test_an_unknown_host_is_bad(self, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        _forget_all_names(monkeypatch)
        finding = signal(**settings).observe(Place("blue", "http://nowhere.invalid"))
        assert finding.verdict is Verdict.BAD
        assert "unknown host" in finding.symptom


def _forget_all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests ask no name server."""
    import socket

    def unknown(*_arguments: Any, **_options: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
