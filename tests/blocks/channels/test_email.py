"""The `email` channel against a mail server on loopback."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.channels import email as email_module
from blocks.channels.email import Email
from domain.errors import ChannelRefused, Unreachable
from domain.severity import Severity
from tests.blocks.channels.contract import ChannelContract, message
from tests.fakes.certificates import self_signed
from tests.fakes.smtp import PASSWORD, USER, FakeSmtp


def email(port: int, **settings: Any) -> Email:
    values = {
        "kind": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "backout@example.org",
        "to": ["team@example.org", "lead@example.org"], **settings,
    }  # fmt: skip
    made = adapter_class("channels", "email").model_validate(values)
    assert isinstance(made, Email)
    return made


def certified(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(folder))
    return context


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate that this host trusts."""
    context = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return context


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    with FakeSmtp() as running:
        yield running


class TestEmail(ChannelContract):
    @pytest.fixture
    def channel(self, server: FakeSmtp) -> Email:
        return email(server.port)

    @pytest.fixture
    def unreachable(self) -> Iterator[Email]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            yield email(taken.getsockname()[1], user=USER, password="hunter2")

    @pytest.fixture
    def usual(self) -> Sequence[Severity]:
        return [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM]

    @pytest.fixture
    def said(self, server: FakeSmtp) -> Callable[[], list[str]]:
        return lambda: [f"{mail['Subject']} {mail.get_content()}" for mail in server.mails]


def test_an_incident_is_one_conversation(server: FakeSmtp) -> None:
    channel = email(server.port)
    thread = channel.send(message("first"), None)
    channel.send(message("second"), thread)
    first, second = server.mails
    assert first["Message-ID"] == thread
    assert second["In-Reply-To"] == second["References"] == thread
    assert second["Message-ID"] != thread


def test_it_goes_to_everybody_from_a_machine(server: FakeSmtp) -> None:
    email(server.port).send(message(head="abc123"), None)
    (mail,) = server.mails
    assert (mail["From"], mail["To"]) == ("backout@example.org", "team@example.org, lead@example.org")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Journal: abc123" in mail.get_content()


def test_a_title_from_an_alert_adds_no_header(server: FakeSmtp) -> None:
    email(server.port).send(message("x\r\nBcc: evil@example.org\r\n\r\nbody"), None)
    (mail,) = server.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "x Bcc: evil@example.org body"


def test_a_mail_has_no_marks_of_markdown(server: FakeSmtp) -> None:
    email(server.port).send(message(text=r"**Reason**: 5 &gt; 3, a\_b"), None)
    assert "Reason: 5 > 3, a_b" in server.mails[0].get_content()


def test_a_line_that_is_a_dot_does_not_end_the_mail(server: FakeSmtp) -> None:
    email(server.port).send(message(text="before\n.\nafter"), None)
    assert "before\r\n.\r\nafter" in server.mails[0].get_content()


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_it_logs_in_over_tls(trusted: ssl.SSLContext, security: str, at_once: bool) -> None:
    with FakeSmtp(trusted, at_once=at_once, login=True) as server:
        email(server.port, security=security, user=USER, password=PASSWORD).send(message(), None)
        assert len(server.mails) == 1


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_certificate_that_nobody_trusts_is_not_spoken_to(
    tmp_path: Path, security: str, at_once: bool
) -> None:
    with FakeSmtp(certified(tmp_path), at_once=at_once, login=True) as server:
        channel = email(server.port, security=security, user=USER, password=PASSWORD)
        with pytest.raises(Unreachable, match="not trusted"):
            channel.send(message(), None)
        assert "AUTH" not in server.said


def test_a_server_without_starttls_gets_no_password(server: FakeSmtp) -> None:
    channel = email(server.port, security="starttls", user=USER, password=PASSWORD)
    with pytest.raises(ChannelRefused, match="does not offer"):
        channel.send(message(), None)
    assert "AUTH" not in server.said


def test_a_wrong_password_is_not_tried_again_and_not_shown(trusted: ssl.SSLContext) -> None:
    with FakeSmtp(trusted, login=True) as server:
        channel = email(server.port, security="starttls", user=USER, password="hunter2")
        with pytest.raises(ChannelRefused, match="smtp 535") as caught:
            channel.send(message(), None)
        assert "hunter2" not in str(caught.value)
        [checkup] = channel.examine()
        assert checkup.bad


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_what_it_takes_later_is_tried_again(server: FakeSmtp, verb: str) -> None:
    server.refuse = (
        {verb: "421 too many, come again"} if verb != "EHLO" else {verb: "451 later", "HELO": "451 later"}
    )
    with pytest.raises(Unreachable, match=r"smtp 4|Disconnected"):
        email(server.port).send(message(), None)
    assert server.mails == []


@pytest.mark.parametrize("verb", ["CONNECT", "MAIL", "RCPT", "DATA"])
def test_what_it_never_takes_is_not_tried_again(server: FakeSmtp, verb: str) -> None:
    server.refuse = {verb: "550 no such user"}
    with pytest.raises(ChannelRefused, match="smtp 550"):
        email(server.port).send(message(), None)


def test_one_that_hangs_is_tried_again_later(server: FakeSmtp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email_module, "TOTAL_S", 0.3)
    server.hang = True
    with pytest.raises(Unreachable, match="TimeoutError"):
        email(server.port).send(message(), None)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"host": "mail.example.org"}, "in clear"),
        ({"user": "x"}, "belong together"),
        ({"to": ["nobody"]}, "not an e-mail address"),
        ({"to": []}, "at least 1"),
        ({"sender": "a@b\nBcc: c@d"}, "not an e-mail address"),
    ],
)
def test_bad_settings_raise(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        email(25, **settings)
