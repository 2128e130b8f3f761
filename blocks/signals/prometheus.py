"""`prometheus`: a PromQL expression, as it is now or over a range, held against limits."""

import time
from typing import Literal, Self
from urllib.parse import urlencode

from pydantic import Field, SecretStr, model_validator

from blocks.fields import BaseUrl
from blocks.http_client import Answer, HttpClient, NoAnswer
from blocks.http_credentials import Token, basic, bearer, is_private
from blocks.http_request import Headers
from blocks.limits import Limited
from blocks.prometheus_answer import NotMeasured, Series, series_of
from blocks.reduction import Reduction, reduced
from blocks.signals.contract import Place
from domain.findings import Finding

LONGEST = 16 * 1024 * 1024
MOST_STEPS = 11_000
"""Points a series that Prometheus gives at most."""
SLOT = "{slot}"


class Prometheus(Limited):
    """Asks once: `query` by itself (instant), or with `range_s` over the last seconds (range), reduced to one number.

    Several series are compared, and the worst is named. An empty result, no number (NaN, infinity), a warning and an
    error are no data: monitoring that is away says nothing of a release. `{slot}` stands for the slot that is looked
    at; through the router it is the one that should serve.
    """

    kind: Literal["prometheus"] = "prometheus"
    url: BaseUrl = Field(description="Base URL of Prometheus, or of what speaks its API (Thanos, Mimir ...).")
    query: str = Field(min_length=1, description="PromQL expression; `{slot}` is filled in.")
    unit: str = Field(default="", description="Unit of the value: `s`, `%`, `count` ...")
    range_s: float | None = Field(
        default=None, gt=0, le=86_400, description="Seconds back that are asked for; by default only now."
    )
    step_s: float = Field(default=15, gt=0, description="Seconds between two samples of the range.")
    reduce: Reduction = Field(default="last", description="What is made of the samples of a range.")
    bearer_token: Token | None = Field(default=None, description="Sent as a bearer token; a reference.")
    username: str | None = Field(
        default=None, pattern=r"^[^:]+$", description="For basic authentication, with `password`."
    )
    password: SecretStr | None = Field(default=None, description="A reference, `${PROMETHEUS_PASSWORD}`.")
    headers: Headers = Field(default_factory=dict, description="Header -> value, such as a tenant's.")
    timeout_s: float = Field(default=3.0, gt=0, le=60, description="Seconds for all of it.")

    @model_validator(mode="after")
    def _range_is_sound(self) -> Self:
        if self.range_s is None and self.reduce != "last":
            raise ValueError("reduce needs range_s: there is one sample now")
        if self.range_s is not None and not self.step_s <= self.range_s <= self.step_s * (MOST_STEPS - 1):
            raise ValueError(f"range_s must be between one and {MOST_STEPS - 1} steps of step_s")
        return self

    @model_validator(mode="after")
    def _credentials_are_sound(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.bearer_token is not None and self.username is not None:
            raise ValueError("takes either bearer_token, or username and password")
        if (self.bearer_token or self.username) and not is_private(self.url):
            raise ValueError("credentials are sent to https addresses and this machine only")
        return self

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`."""
        if SLOT in self.query and place.slot is None:
            return self.no_data(place, f"the query needs a slot, and that of {place.name} is not known")
        try:
            with HttpClient(LONGEST) as client:
                series = series_of(self._ask(client, self.query.replace(SLOT, place.slot or "")))
        except NoAnswer as error:
            return self.no_data(place, f"Prometheus at {self.url}: {error.said}")
        except NotMeasured as reason:
            return self.no_data(place, f"Prometheus at {self.url} {reason}")
        return self._measured(place, series)

    def _ask(self, client: HttpClient, query: str) -> Answer:
        """Raises NoAnswer."""
        form = {"query": query, "timeout": f"{int(self.timeout_s * 1000)}ms"}
        if self.range_s is not None:
            end = time.time()
            form |= {"start": f"{end - self.range_s:.3f}", "end": f"{end:.3f}", "step": f"{self.step_s:g}"}
        path = "/api/v1/query" if self.range_s is None else "/api/v1/query_range"
        sent = {"content-type": "application/x-www-form-urlencoded"} | self._headers()
        return client.ask("POST", self.url + path, sent, urlencode(form).encode(), within_s=self.timeout_s)

    def _headers(self) -> dict[str, str]:
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        if self.bearer_token is not None:
            headers |= bearer(self.bearer_token)
        if self.username is not None and self.password is not None:
            headers |= basic(self.username, self.password)
        return headers

    def _measured(self, place: Place, series: list[Series]) -> Finding:
        if not series:
            return self.no_data(place, "the query has no result: no series matches, or none has samples")
        found = {str(each): reduced(each.values, self.reduce) for each in series}
        values = {name: value for name, value in found.items() if value is not None}
        if not values:
            return self.no_data(place, f"the query gives no number ({len(series)} series)")
        return self.judged(place, values, self.unit, "series")
