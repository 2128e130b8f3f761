"""`email`: a conversation an incident, through an SMTP server."""

import re
import shlex
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from blocks.channels.contract import MAIL, Channel
from blocks.deadline import within
from blocks.safe_address import LOOPBACK
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, ChannelRefused, Unreachable
from domain.message import Message
from domain.report.plain import plain

TOTAL_S = 9.5
OPERATION_S = 8
LONGEST_SUBJECT = 200
PORTS = {"starttls": 587, "tls": 465, "none": 25}
REFUSED = range(500, 600)
"""SMTP says 5xx to what it will never take, and 4xx to what it may take later (RFC 5321, 4.2.1)."""

CALLED = re.compile(r"[^@\s,<>\"]+@[^@\s,<>\"]+")


class Security(StrEnum):
    """How the connection is made safe; `none` only on loopback."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def _mail_address(text: str) -> str:
    if not CALLED.fullmatch(text):
        raise ValueError("is not an e-mail address: name@host")
    return text


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class Email(Channel):
    """One mail a message; those of an incident are one conversation."""

    usual: ClassVar = MAIL
    kind: Literal["email"] = "email"
    host: str = Field(min_length=1, description="The SMTP server.")
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Default: 587 with STARTTLS, 465 with TLS, 25 with neither."
    )
    security: Security = Field(
        default=Security.STARTTLS,
        description="`starttls`, `tls`, or `none`, which only works with a server on this host.",
    )
    user: str | None = Field(
        default=None, min_length=1, description="Who logs in; nobody where it is not given."
    )
    password: SecretStr | None = Field(default=None, description="A reference, `${SMTP_PASSWORD}`.")
    sender: MailAddress = Field(description="Whose mail it is.")
    to: list[MailAddress] = Field(min_length=1, description="Who gets it.")

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security is Security.NONE and self.host not in LOOPBACK:
            raise ValueError("security: none sends mail in clear; it only goes to a server on this host")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        return self

    def send(self, message: Message, thread: str | None) -> str | None:
        """Hand one mail to the server; `thread` is the Message-ID of the incident's first one."""
        mail, first = written(message, self.sender, self.to, thread)
        self._asked(lambda: self._deliver(mail))
        return first

    def examine(self) -> list[Checkup]:
        """Whether the server answers, speaks TLS and takes the password. Sends nothing."""
        try:
            self._asked(self._greet)
        except BackoutError as error:
            port = self.port or PORTS[self.security]
            look = f"openssl s_client -connect {shlex.quote(self.host)}:{port}"
            more = " -starttls smtp" if self.security is Security.STARTTLS else ""
            return [wrong("reachable", self.name, error.what(), Remedy(command=look + more))]
        return [well("reachable", self.name, f"{self.host} takes mail from us")]

    def _asked(self, talk: Callable[[], None]) -> None:
        try:
            within(TOTAL_S, talk, "send mail")
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _said in error.recipients.values()]
            raise self._answered(min(codes)) from None
        except smtplib.SMTPResponseException as error:
            raise self._answered(error.smtp_code) from None
        except ssl.SSLCertVerificationError as error:
            raise self._away(f"the TLS certificate is not trusted: {error.verify_message}") from None
        except smtplib.SMTPNotSupportedError:
            raise ChannelRefused(
                self.name, f"{self.host} does not offer what security or user need"
            ) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._away(type(error).__name__) from None

    def _answered(self, code: int) -> BackoutError:
        """What the server's code means. Its words are left out: they can repeat what was sent."""
        if code in REFUSED:
            return ChannelRefused(self.name, f"smtp {code}")
        return self._away(f"smtp {code}")

    def _away(self, why: str) -> Unreachable:
        return Unreachable("the mail server", f"{self.host}:{self.port or PORTS[self.security]}", why)

    def _greet(self) -> None:
        with self._server() as server:
            server.noop()

    def _deliver(self, mail: EmailMessage) -> None:
        with self._server() as server:
            refused = server.send_message(mail)
        if refused:  # the others have it: a second try would tell them twice
            raise smtplib.SMTPRecipientsRefused(refused)

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        context, port = ssl.create_default_context(), self.port or PORTS[self.security]
        if self.security is Security.TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, port, timeout=OPERATION_S, context=context)
        else:
            server = smtplib.SMTP(self.host, port, timeout=OPERATION_S)
        with server:
            if self.security is Security.STARTTLS:
                server.starttls(context=context)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password.get_secret_value())
            yield server


def written(message: Message, sender: str, to: list[str], thread: str | None) -> tuple[EmailMessage, str]:
    """The mail, and the Message-ID of the conversation's first one."""
    mail = EmailMessage()
    own = make_msgid(domain=sender.rpartition("@")[2])
    mail["Message-ID"] = own
    if thread is not None:
        mail["In-Reply-To"] = thread
        mail["References"] = thread
    mail["From"], mail["To"], mail["Date"] = sender, ", ".join(to), formatdate()
    mail["Subject"] = _one_line(message.title)[:LONGEST_SUBJECT]
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer of a machine comes back
    mail["X-Backout-Incident"] = _one_line(message.incident)
    head = f"\nJournal: {message.head}" if message.head else ""
    whose = f"Application: {message.application}\nSeverity: {message.severity}\nIncident: {message.incident}{head}"
    mail.set_content(f"{_clean(plain(message.text))}\n-- \n{whose}\n")
    return mail, thread or own


def _one_line(text: str) -> str:
    """Nothing in it can begin another header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _clean(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in text)
