"""One HTTP request as `backout.yaml` describes it, for the signals that send some."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Secret, SecretStr, WithJsonSchema

from blocks.http_client import Answer, HttpClient
from blocks.http_expectation import Expectation

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def _sendable(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a header's name")
        if not HEADER_VALUE.fullmatch(value.get_secret_value()):
            raise ValueError(
                f"the value of {name} has letters that a header cannot carry, such as a line break"
            )
    return headers


Path = Annotated[
    str, Field(pattern=r"^/[^\s#]*$", description="Path below the address, with its query: `/api/health`.")
]
Method = Annotated[str, Field(pattern=r"^[A-Z]+$", description="GET, POST, PUT ...")]
Headers = Annotated[dict[str, SecretStr], AfterValidator(_sendable)]
JsonBody = Annotated[Secret[Any], WithJsonSchema({"description": "Any JSON."})]


class HttpRequest(BaseModel):
    """One request, and what its answer must be. Headers and body are secrets: they may hold a token or a password."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: Path
    method: Method = "GET"
    headers: Headers = Field(default_factory=dict, description="Header -> value.")
    body: JsonBody | None = Field(default=None, description="Sent as JSON.")
    expect: Expectation = Field(default_factory=Expectation, description="What a good answer looks like.")


def send(client: HttpClient, base: str, request: HttpRequest, within_s: float) -> Answer:
    """Send it to the base URL (no closing slash). Raises NoAnswer."""
    headers = {name: value.get_secret_value() for name, value in request.headers.items()}
    body = None if request.body is None else request.body.get_secret_value()
    return send_plain(client, request.method, base + request.path, headers, body, within_s)


def send_plain(
    client: HttpClient, method: str, url: str, headers: Mapping[str, str], body: Any, within_s: float
) -> Answer:
    """Send a request whose body is JSON, or None for no body. Raises NoAnswer."""
    if body is None:
        return client.ask(method, url, headers, None, within_s=within_s)
    sent = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    return client.ask(method, url, sent, json.dumps(body).encode(), within_s=within_s)
