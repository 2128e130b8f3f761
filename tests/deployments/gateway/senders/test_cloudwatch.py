"""CloudWatch through SNS: messages signed with a certificate of the test's own, at the address of Amazon's."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from deployments.gateway.senders import cloudwatch
from deployments.gateway.senders.contract import BadAlert, Call, Unauthenticated
from domain.alert import Status
from domain.errors import Unreachable
from tests.deployments.gateway.senders.contract import NOW, SenderContract, call, payload, sender

TOPIC = "arn:aws:sns:eu-west-1:123456789012:backout"
AT = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"
FETCH = cloudwatch.fetch
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: Any) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    signed = made.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def message(body: Any, version: str = "2", **changes: Any) -> dict[str, Any]:
    """An envelope of SNS, signed after the changes."""
    made = {
        "Type": "Notification", "MessageId": "da41e39f-ea4d-435a-b922-c6aae3915ebe", "TopicArn": TOPIC,
        "Subject": 'ALARM: "HighErrorRate" in EU (Ireland)', "Message": json.dumps(body),
        "Timestamp": NOW.isoformat().replace("+00:00", ".000Z"), "SignatureVersion": version,
        "SigningCertURL": AT, "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe", **changes,
    }  # fmt: skip
    kind = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - SNS's version 1
    signature = KEY.sign(cloudwatch.signed_text(made), PKCS1v15(), kind)
    return {**made, "Signature": base64.b64encode(signature).decode()}


@pytest.fixture(autouse=True)
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked of Amazon."""
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return certificate(KEY)

    monkeypatch.setattr(cloudwatch, "fetch", fetch)
    cloudwatch.key_at.cache_clear()
    yield asked
    cloudwatch.key_at.cache_clear()


class TestCloudWatch(SenderContract):
    told = (None, None)

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "cloudwatch", "topics": [TOPIC]}

    def signed(self, body: Any) -> Call:
        return call(message(body))

    def unsigned(self, body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "Message": "{}"}).encode()

    def test_the_old_signature_is_taken_too(self, settings: dict[str, Any], body: Any) -> None:
        sender(**settings).authenticate(call(message(body, "1")))

    def test_an_alarm_that_is_over_is_resolved_and_no_data_is_nothing(
        self, settings: dict[str, Any], body: Any
    ) -> None:
        [over] = self.read(settings, {**body, "NewStateValue": "OK"})
        assert over.status is Status.RESOLVED
        assert self.read(settings, {**body, "NewStateValue": "INSUFFICIENT_DATA"}) == []

    def test_a_topic_of_somebody_else_is_refused_though_amazon_signed_it(
        self, settings: dict[str, Any], body: Any
    ) -> None:
        other = message(body, TopicArn="arn:aws:sns:eu-west-1:999999999999:backout")
        with pytest.raises(Unauthenticated, match="topic"):
            sender(**settings).authenticate(call(other))

    def test_an_old_message_is_refused(self, settings: dict[str, Any], body: Any) -> None:
        with pytest.raises(Unauthenticated, match="too old"):
            sender(**settings).authenticate(call(message(body), at=NOW + timedelta(hours=2)))

    def test_a_new_subscription_is_confirmed(self, settings: dict[str, Any], fetched: list[str]) -> None:
        made = sender(**settings)
        asked = call(message("", Type="SubscriptionConfirmation", SubscribeURL=CONFIRM, Token="2336412f37"))
        made.authenticate(asked)
        assert made.read(asked) == []
        assert fetched == [AT, CONFIRM]

    def test_nothing_else_than_sns_is_asked(self, settings: dict[str, Any], fetched: list[str]) -> None:
        made = sender(**settings)
        asked = call(
            message(
                "", Type="SubscriptionConfirmation", SubscribeURL="https://evil.example/", Token="2336412f37"
            )
        )
        made.authenticate(asked)
        with pytest.raises(BadAlert):
            made.read(asked)
        assert fetched == [AT]


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?1",
        "https://s3.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com:x/a.pem",
        "file:///etc/passwd.pem",
        "",
    ],
)
def test_a_certificate_comes_from_sns_alone(url: str, fetched: list[str]) -> None:
    with pytest.raises(Unauthenticated, match="certificate"):
        sender(kind="cloudwatch", topics=[TOPIC]).authenticate(
            call(message(payload("cloudwatch"), SigningCertURL=url))
        )
    assert fetched == []


@pytest.mark.parametrize("found", [b"no certificate", certificate(ec.generate_private_key(ec.SECP256R1()))])
def test_what_is_no_certificate_is_to_be_tried_again(monkeypatch: pytest.MonkeyPatch, found: bytes) -> None:
    monkeypatch.setattr(cloudwatch, "fetch", lambda _url: found)
    with pytest.raises(Unreachable):
        sender(kind="cloudwatch", topics=[TOPIC]).authenticate(call(message(payload("cloudwatch"))))


def test_an_address_that_is_none_is_an_error_of_ours() -> None:
    with pytest.raises(Unreachable, match="InvalidURL"):
        FETCH("https://sns.eu-west-1.amazonaws.com/\x01.pem")
