"""What all senders share: who is let in, and how what they send becomes alerts."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from deployments.gateway.requests import BadRequest
from domain.alert import Alert, Received, one_line
from domain.errors import BackoutError
from domain.names import ApplicationName

SHORTEST_SECRET = 16
LONGEST_BODY = 1024 * 1024
LONGEST_GROUP = 8 * 1024 * 1024
"""What a sender may send that puts a whole storm into one request, and does not send again what is refused."""

LATEST = timedelta(hours=24)
"""How old an alert may be whose sender signs no time of sending."""

UNNAMED = "alert"

Shape = TypeVar("Shape", bound=BaseModel)


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"has fewer than {SHORTEST_SECRET} letters: it would guard nothing")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
"""A secret that is long enough to guard something."""


@dataclass(eq=False)
class Unauthenticated(BackoutError):
    """A caller who did not prove to be this sender; nothing of what it sent was used."""

    sender: str
    why: str
    challenge: str = "Bearer"

    def what(self) -> str:
        """What was not proved; what was sent is not repeated."""
        return f"{self.sender}: {self.why}"

    def next_step(self) -> str:
        """Where it is set."""
        return "compare what the sender is set to send with alerts.yaml on the host of `backout serve`"


class BadAlert(BadRequest):
    """A body that is no alert of this sender."""


@dataclass(frozen=True)
class Call:
    """One request. `headers`: names in small letters. `at`: when it came."""

    headers: Mapping[str, str]
    body: bytes
    at: datetime

    def json(self) -> Any:
        """The body. Raises BadAlert."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise BadAlert("the body is no JSON") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


class Payload(BaseModel):
    """A part of what a sender sends: what is needed is there and has its type; what else there is, is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Sender(BaseModel):
    """One entry of `alerts.yaml`.

    Attributes:
        kind: the file's name.
        name: the entry's name, and the last part of its address: `/alerts/NAME`.
        bearer: a token for `Authorization: Bearer`.
        user, password: for basic authentication.
        application: whose its alerts are; they cannot be another's.
        applications: whose they may be; where neither is set, anyone's.
        issue: the row of the matrix, where they do not say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kind: str
    name: str = ""
    bearer: Secret | None = None
    user: str | None = Field(default=None, pattern=r"^[^:]+$")
    password: Secret | None = None
    longest_body: ClassVar[int] = LONGEST_BODY

    application: ApplicationName | None = None
    applications: list[ApplicationName] = Field(default_factory=list)
    issue: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        return self

    @property
    def own_secret(self) -> SecretStr | None:
        """Of the kind's own signature scheme; None where it has no such scheme, or no secret is set."""
        return None

    @property
    def guarded(self) -> bool:
        """Whether it knows its sender from others."""
        return self.own_secret is not None or bool(self._expected())

    def admit(self, headers: Mapping[str, str]) -> None:
        """Raise Unauthenticated where the headers alone tell that the call is not this sender's: its body need not be read."""
        if self._expected():
            self._check_header(headers)
        elif not self.guarded:
            self._refuse_browsers(headers)

    def authenticate(self, call: Call) -> None:
        """Raise Unauthenticated unless the call is this sender's: by all that is set. Where nothing is, only no browser may call."""
        if self.own_secret is not None:
            self.verify(call, self.own_secret)
        self.admit(call.headers)

    def verify(self, call: Call, secret: SecretStr) -> None:
        """Raise Unauthenticated unless the call is signed as the kind signs, with this secret."""
        raise NotImplementedError

    def _check_header(self, headers: Mapping[str, str]) -> None:
        # As it came: the server reads each byte as one letter.
        given = headers.get("authorization", "").encode("latin-1", errors="replace")
        # Both are compared, whichever fits: how long it takes tells nothing.
        matches = [hmac.compare_digest(given, expected) for expected in self._expected()]
        if not any(matches):
            scheme = "Bearer" if self.bearer else 'Basic realm="Backout"'
            raise Unauthenticated(self.name, "no valid Authorization header", scheme)

    def _expected(self) -> list[bytes]:
        expected = []
        if self.bearer is not None:
            expected.append(b"Bearer " + self.bearer.get_secret_value().encode())
        if self.password is not None:
            pair = f"{self.user}:{self.password.get_secret_value()}".encode()
            expected.append(b"Basic " + base64.b64encode(pair))
        return expected

    def _refuse_browsers(self, headers: Mapping[str, str]) -> None:
        """A web page may make its reader's browser send to loopback, but not JSON as JSON."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" or "origin" in headers:
            raise Unauthenticated(
                self.name, "without credentials only application/json from a program is taken"
            )

    def read(self, call: Call) -> list[Alert]:
        """The alerts of an authenticated call; empty where it only greets. Raises BadAlert."""
        raise NotImplementedError

    def own(self, found: Received) -> Received:
        """What was found out about one of its alerts; where it is of an application that it may not speak for, nobody's."""
        allowed = {*self.applications, self.application} - {None}
        if not allowed or found.application is None or found.application in allowed:
            return found
        named = ", ".join(sorted(filter(None, allowed)))
        said = f"sender {self.name!r} may not tell of application {found.application!r}: alerts.yaml names {named}"
        return Received(alert=found.alert, problem=said, at=found.at)

    def alert(self, **fields: Any) -> Alert:
        """An alert of this sender, with what the entry says where the alert says nothing. Raises BadAlert."""
        labels = {str(key): item for key, item in (fields.pop("labels", None) or {}).items()}
        name = one_line(fields["name"]) or UNNAMED
        given = {
            "sender": self.name,
            "application": labels.get("application") or self.application,
            "issue": labels.get("issue") or self.issue,
            **fields,
            "name": name,
            "fingerprint": one_line(fields["fingerprint"]) or name,
        }
        try:
            return Alert.model_validate({**given, "labels": labels})
        except ValidationError as error:
            raise BadAlert(problems(error)) from None


def fresh(call: Call, key: str, said: datetime, oldest: timedelta = LATEST) -> None:
    """Raise BadAlert where what is signed is from long ago: its signature has no time, and it may have been overheard."""
    if call.at - said > oldest:
        hours = oldest / timedelta(hours=1)
        raise BadAlert(
            f"{key}: is more than {hours:g} hours ago",
            step="nothing is to be done: it came too late to act on",
        )


def shaped(model: type[Shape], value: Any) -> Shape:
    """What was sent, as what it must be. Raises BadAlert, which repeats nothing of it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadAlert(problems(error)) from None


def problems(error: ValidationError) -> str:
    """The first few problems in words."""
    found = [
        f"{'.'.join(str(part) for part in problem['loc'])[:100] or 'body'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False, include_context=False)[:3]
    ]
    return "; ".join(found)


def hex_hmac(secret: SecretStr, signed: bytes) -> str:
    """HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret.get_secret_value().encode(), signed, "sha256").hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether both are equal; how long it takes tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(), expected.encode())


def decoded(text: str) -> bytes:
    """Base64; empty where the text is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
