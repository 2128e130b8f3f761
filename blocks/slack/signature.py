"""Whether a request came from Slack: its signature over body and time, with the app's signing secret.

https://docs.slack.dev/authentication/verifying-requests-from-slack (v0).
"""

import hashlib
import hmac

VERSION = b"v0"
OLDEST_S = 300
"""Seconds that a request may be old, or of the future: a recorded one is no use later."""


LONGEST_TIMESTAMP = 11


def valid(secret: str, body: bytes, timestamp: str, signature: str, now_s: float) -> bool:
    """Whether the signature is this secret's, over this body, and not old. Compared in constant time.

    Args:
        secret: the app's signing secret.
        body: the body as it came, to the byte.
        timestamp: header `X-Slack-Request-Timestamp`, seconds since 1970.
        signature: header `X-Slack-Signature`, `v0=` and hexadecimal digits.
        now_s: seconds since 1970.
    """
    return fresh(timestamp, now_s) and hmac.compare_digest(
        sign(secret, body, timestamp).encode(), signature.encode()
    )


def fresh(timestamp: str, now_s: float) -> bool:
    """Whether the time is one, and near: what is not needs no further look."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= LONGEST_TIMESTAMP):
        return False
    return abs(now_s - int(timestamp)) <= OLDEST_S


def sign(secret: str, body: bytes, timestamp: str) -> str:
    """The signature as Slack makes it."""
    signed = b":".join((VERSION, timestamp.encode(), body))
    return f"v0={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
