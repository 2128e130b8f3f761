"""CloudWatch alarms through SNS: messages signed with Amazon's certificate, of the topics that are named, and no others."""

import re
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.x509 import load_pem_x509_certificate
from pydantic import AwareDatetime, Field, StringConstraints

from deployments.gateway.senders.contract import (
    BadAlert,
    Call,
    Payload,
    Sender,
    Unauthenticated,
    decoded,
    shaped,
)
from domain.alert import Alert, Status
from domain.errors import Unreachable

HOST = re.compile(r"sns\.[a-z0-9-]{1,32}\.amazonaws\.com(\.cn)?")
OLDEST = timedelta(hours=1)
"""SNS tries again for up to an hour; what is older was overheard."""

TIMEOUT_S = 5.0
LONGEST_ANSWER = 64 * 1024
HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - version 1 is SNS's default
NOTIFICATION = "Notification"
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
STATUSES = {"ALARM": Status.FIRING, "OK": Status.RESOLVED}
"""INSUFFICIENT_DATA is neither: no data is never bad."""

TopicArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$")
]


class Envelope(Payload):
    """What SNS sends, whatever is in it."""

    type: Annotated[
        Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"], Field(alias="Type")
    ]
    topic: Annotated[str, Field(alias="TopicArn")]
    message: Annotated[str, Field(alias="Message")]
    timestamp: Annotated[AwareDatetime, Field(alias="Timestamp")]
    version: Annotated[Literal["1", "2"], Field(alias="SignatureVersion")]
    signature: Annotated[str, Field(alias="Signature")]
    certificate_url: Annotated[str, Field(alias="SigningCertURL")]
    subscribe_url: Annotated[str, Field(alias="SubscribeURL")] = ""


class Dimension(Payload):
    """One dimension of a metric."""

    name: str = ""
    value: str = ""


class Metric(Payload):
    """What the alarm watches."""

    name: Annotated[str, Field(alias="MetricName")] = ""
    namespace: Annotated[str, Field(alias="Namespace")] = ""
    dimensions: Annotated[list[Dimension], Field(alias="Dimensions")] = Field(default_factory=list)


class Alarm(Payload):
    """The message of an alarm that changed its state."""

    name: Annotated[str, Field(alias="AlarmName", min_length=1)]
    arn: Annotated[str, Field(alias="AlarmArn")] = ""
    state: Annotated[str, Field(alias="NewStateValue")]
    reason: Annotated[str, Field(alias="NewStateReason")] = ""
    changed: Annotated[AwareDatetime, Field(alias="StateChangeTime")]
    region: Annotated[str, Field(alias="Region")] = ""
    metric: Annotated[Metric, Field(alias="Trigger")] = Field(default_factory=Metric)


class CloudWatch(Sender):
    """An https subscription of SNS topics.

    Attributes:
        topics: the ARNs of the topics; a message of another one, though Amazon signed it, is refused.
    """

    kind: Literal["cloudwatch"] = "cloudwatch"
    topics: list[TopicArn] = Field(min_length=1)

    @property
    def guarded(self) -> bool:
        """Whether it knows its sender from others."""
        return True

    def authenticate(self, call: Call) -> None:
        """Signed by Amazon, lately, for one of the topics. Raises Unauthenticated, BadAlert, Unreachable."""
        raw = call.json()
        found = shaped(Envelope, raw)
        if found.topic not in self.topics:
            raise Unauthenticated(self.name, "the message is of a topic that is not in `topics`")
        if abs(call.at - found.timestamp) > OLDEST:
            raise Unauthenticated(self.name, "the message is too old")
        if not is_of_sns(found.certificate_url, ".pem") or "?" in found.certificate_url:
            raise Unauthenticated(self.name, "its certificate is not of sns.REGION.amazonaws.com")
        try:
            key_at(found.certificate_url).verify(
                decoded(found.signature), signed_text(raw), PKCS1v15(), HASHES[found.version]
            )
        except InvalidSignature:
            raise Unauthenticated(self.name, "no valid signature of SNS") from None

    def read(self, call: Call) -> list[Alert]:
        """The alert of an alarm; a new subscription is confirmed. Raises BadAlert, Unreachable."""
        found = shaped(Envelope, call.json())
        if found.type == NOTIFICATION:
            return self._alarms(found)
        if found.type == "SubscriptionConfirmation":
            if not is_of_sns(found.subscribe_url):
                raise BadAlert("SubscribeURL: is not https://sns.REGION.amazonaws.com/")
            fetch(found.subscribe_url)
        return []

    def _alarms(self, envelope: Envelope) -> list[Alert]:
        found = shaped(Alarm, Call({}, envelope.message.encode(errors="replace"), envelope.timestamp).json())
        status = STATUSES.get(found.state)
        if status is None:
            return []
        labels = {dimension.name: dimension.value for dimension in found.metric.dimensions if dimension.name}
        own = {"metric": found.metric.name, "namespace": found.metric.namespace, "region": found.region}
        return [
            self.alert(
                fingerprint=found.arn or found.name,
                status=status,
                name=found.name,
                summary=found.reason,
                labels={**labels, **own},
                started_at=found.changed,
            )
        ]


def signed_text(raw: dict[str, Any]) -> bytes:
    """What SNS signs: some of the keys in order, each on its line, with its value on the next."""
    keys = [key for key in SIGNED[raw["Type"]] if raw.get(key) is not None]
    return "".join(f"{key}\n{raw[key]}\n" for key in keys).encode(errors="replace")


def is_of_sns(url: str, suffix: str = "") -> bool:
    """Whether the URL is https on a host of SNS, and its path ends so."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and port in (None, 443)
    host = HOST.fullmatch(parts.hostname or "") is not None
    return parts.scheme == "https" and host and plain and parts.path.endswith(suffix)


@lru_cache(maxsize=16)
def key_at(url: str) -> RSAPublicKey:
    """The certificate's public key; fetched once. Raises Unreachable, also for what is no certificate."""
    try:
        key = load_pem_x509_certificate(fetch(url)).public_key()
    except ValueError as error:
        raise Unreachable(what_it_is="SNS's certificate", address=url, why="it is no certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise Unreachable(what_it_is="SNS's certificate", address=url, why="its key is not RSA")
    return key


def fetch(url: str) -> bytes:
    """What is at a URL of SNS; no redirection is followed. Raises Unreachable."""
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_S, follow_redirects=False) as answer:
            answer.raise_for_status()
            found = b""
            for part in answer.iter_bytes():
                found += part
                if len(found) > LONGEST_ANSWER:
                    raise Unreachable(
                        what_it_is="SNS", address=urlsplit(url).netloc, why="it answers without end"
                    )
            return found
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = type(error).__name__
        raise Unreachable(what_it_is="SNS", address=urlsplit(url).netloc, why=why) from error
