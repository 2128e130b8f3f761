"""GetMetricData of Amazon CloudWatch through boto3, which is imported when it is first needed.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import SecretStr

from blocks.one_line import one_line

CLIENTS = 32
"""Kept for the next look: making one takes about 0.1 s."""
COMPLETE, PARTIAL = "Complete", "PartialData"
WRONG_QUERY = ("ValidationError", "InvalidParameterValue", "InvalidParameterCombination", "MissingParameter")
"""Errors whose text speaks of the query. Those of wrong signatures quote headers, tokens among them."""


class NotGiven(Exception):
    """CloudWatch gave nothing that can be believed; the text says why, after its name. It holds no secret."""


@dataclass(frozen=True)
class Account:
    """Whom to ask, and as whom; without keys AWS' own chain of credentials is used. `timeout_s`: of one request."""

    region: str
    endpoint_url: str | None
    access_key_id: SecretStr | None
    secret_access_key: SecretStr | None
    session_token: SecretStr | None
    timeout_s: float


def metric_data(account: Account, asked: Mapping[str, Any]) -> dict[str, list[float]]:
    """All values that GetMetricData gives, by label, in the order that was asked for.

    Raises:
        NotGiven: no connection, no access, a wrong query, or only a part of the data.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = list(_client(account, os.getpid()).get_paginator("get_metric_data").paginate(**asked))
    except ClientError as error:
        raise NotGiven(_refusal(error.response.get("Error", {}))) from None
    except BotoCoreError as error:
        raise NotGiven(_failure(error)) from None
    except ValueError as error:  # an address that botocore does not take
        raise NotGiven(f"cannot be asked: {type(error).__name__}") from None
    return _values(pages)


def _values(pages: list[dict[str, Any]]) -> dict[str, list[float]]:
    """A metric's values may be spread over pages: all but the last one are parts."""
    values: dict[str, list[float]] = {}
    status: dict[str, str] = {}
    for page in pages:
        if messages := page.get("Messages"):
            raise NotGiven(f"warns: {one_line(messages[0].get('Value'))}")
        if "MetricDataResults" not in page:
            raise NotGiven("answers without metric data")
        for result in page["MetricDataResults"]:
            label = result.get("Label") or result.get("Id", "")
            values.setdefault(label, []).extend(result.get("Values", []))
            status[label] = result.get("StatusCode", COMPLETE)
    incomplete = next((label for label in status if status[label] != COMPLETE), None)
    if incomplete is not None:
        raise NotGiven(f"gives no complete data of {one_line(incomplete)} ({one_line(status[incomplete])})")
    return values


@lru_cache(maxsize=CLIENTS)
def _client(account: Account, _pid: int) -> Any:
    """A client can be used by several threads, but not by a process and its child. Raises BotoCoreError."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import NoCredentialsError

    session = boto3.session.Session(
        aws_access_key_id=_plain(account.access_key_id),
        aws_secret_access_key=_plain(account.secret_access_key),
        aws_session_token=_plain(account.session_token),
        region_name=account.region,
    )
    if session.get_credentials() is None:  # a client would be kept without them
        raise NoCredentialsError
    once = Config(
        connect_timeout=account.timeout_s,
        read_timeout=account.timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    return session.client("cloudwatch", endpoint_url=account.endpoint_url, config=once)


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def _refusal(error: Mapping[str, Any]) -> str:
    code = one_line(error.get("Code")) or "no code"
    reason = f": {one_line(error.get('Message'))}" if code in WRONG_QUERY else ""
    return f"refuses ({code}){reason}"


def _failure(error: Exception) -> str:
    """Why there is no answer. The error's own text is not used: it can hold an address with a user in it."""
    from botocore import exceptions

    said = (
        (
            exceptions.NoCredentialsError,
            "cannot be asked: no credentials are given, and AWS' chain finds none",
        ),
        (exceptions.PartialCredentialsError, "cannot be asked: a part of the credentials is missing"),
        (exceptions.ProfileNotFound, "cannot be asked: the profile of AWS_PROFILE does not exist"),
        (exceptions.ParamValidationError, "cannot be asked: the query is not well-formed"),
        (exceptions.SSLError, "cannot be reached: TLS failed, or the certificate is not trusted"),
        (exceptions.ConnectTimeoutError, "cannot be reached: no connection in time"),
        (exceptions.ReadTimeoutError, "gives no whole answer in time"),
        (exceptions.EndpointConnectionError, "cannot be reached: no connection"),
        (exceptions.ConnectionClosedError, "closed the connection before the answer was whole"),
    )
    return next((words for kind, words in said if isinstance(error, kind)), f"fails ({type(error).__name__})")
