import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer

Showing = Callable[..., tuple[Place, Path]]


@pytest.fixture
def showing(tmp_path: Path) -> Iterator[Showing]:
    """Starts a TLS server with a certificate of so many days; gives its place, and the file that makes it trusted."""
    with ExitStack() as servers:

        def start(days: float, name: str | None = None) -> tuple[Place, Path]:
            folder = tmp_path / f"{days}-{name}"
            folder.mkdir()
            certificate, key = self_signed(folder, days, name)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server = servers.enter_context(HttpServer(tls=context))
            return Place("router", server.url), certificate

        yield start


def look(place: Place, **settings: Any) -> Finding:
    return signal("certificate", **settings).observe(place)


class TestCertificate(SignalContract):
    @pytest.fixture
    def shown(self, showing: Showing) -> tuple[Place, Path]:
        return showing(60)

    @pytest.fixture
    def settings(self, shown: tuple[Place, Path]) -> dict[str, Any]:
        return {"kind": "certificate", "ca_file": str(shown[1])}

    @pytest.fixture
    def well(self, shown: tuple[Place, Path]) -> Place:
        return shown[0]

    @pytest.fixture
    def ill(self, nobody: Place) -> Place:
        return Place("router", (nobody.url or "").replace("http:", "https:"))

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("router", "http://127.0.0.1:1")


def test_the_days_that_are_left_are_its_value(showing: Showing) -> None:
    place, trusted = showing(60)
    finding = look(place, ca_file=str(trusted))
    assert (finding.verdict, finding.unit) == (Verdict.OK, "days")
    assert finding.value == pytest.approx(60, abs=1)
    assert "renew" not in finding.said


def test_few_days_are_said_and_condemn_nothing(showing: Showing) -> None:
    place, trusted = showing(10)
    finding = look(place, ca_file=str(trusted), warn_days=21)
    assert finding.ok
    assert "valid for 10 days" in finding.said
    assert "renew it" in finding.said
    assert look(place, ca_file=str(trusted), warn_days=21, bad_days=14).symptom == "certificate expires"


def test_one_that_has_expired_is_bad(showing: Showing) -> None:
    place, trusted = showing(-1)
    assert look(place, ca_file=str(trusted)).symptom == "tls certificate has expired"


def test_one_that_nobody_trusts_is_bad(showing: Showing) -> None:
    assert look(showing(60)[0]).symptom == "tls self-signed certificate"


def test_one_for_another_name_is_bad_and_the_right_name_is_found_past_the_name_service(
    showing: Showing,
) -> None:
    place, trusted = showing(60, "app.example")
    assert look(place, ca_file=str(trusted)).symptom == "tls ip address mismatch"
    past = {"ca_file": str(trusted), "connect": (place.url or "").removeprefix("https://")}
    assert look(Place("router", "http://127.0.0.1:1"), host="app.example", **past).ok
    assert look(place, host="other.example", **past).symptom == "tls hostname mismatch"


def test_who_never_answers_ends_at_the_timeout(mute: Place) -> None:
    place = Place("router", (mute.url or "").replace("http:", "https:"))
    assert look(place, timeout_s=0.3).symptom == "timeout"


def test_http_where_tls_is_wanted_is_bad(server: HttpServer) -> None:
    assert look(Place("router", server.url.replace("http:", "https:"))).symptom.startswith("tls ")


def test_a_file_of_authorities_that_cannot_be_used_is_no_data(showing: Showing, tmp_path: Path) -> None:
    place, _ = showing(60)
    empty = tmp_path / "empty.pem"
    assert look(place, ca_file=str(empty)).verdict is Verdict.NO_DATA
    empty.write_text("no certificate")
    assert "empty.pem" in look(place, ca_file=str(empty)).said


@pytest.mark.parametrize(
    "settings",
    [
        {"port": 0},
        {"connect": "app.example"},
        {"ca_file": "root.pem"},
        {"warn_days": 1, "bad_days": 2},
        {"timeout_s": 0},
    ],
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        signal("certificate", **settings)
