"""`cloudwatch`: metrics of Amazon CloudWatch, or an expression over them, held against limits."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from blocks.cloudwatch_client import Account, NotGiven, metric_data
from blocks.deadline import within
from blocks.fields import BaseUrl
from blocks.limits import Limited
from blocks.reduction import Reduction, reduced
from blocks.signals.contract import Place
from domain.findings import Finding

SLOT = "{slot}"
RESULT = "result"
"""Id of the expression in the request."""
MINUTE_S = 60
SHORT_PERIODS_S = (1, 5, 10, 30)
"""Periods of less than a minute that CloudWatch knows; longer ones are whole minutes."""

ID = re.compile(r"[a-z][A-Za-z0-9_]*")


def _usable(name: str) -> str:
    if not ID.fullmatch(name) or name == RESULT:
        raise ValueError(f"{name!r} must be letters, digits and _, a small letter first, and not {RESULT!r}")
    return name


Id = Annotated[str, AfterValidator(_usable)]
"""A metric's name, as expressions can use it."""

Statistic = Annotated[
    str,
    StringConstraints(
        pattern=r"^(SampleCount|Average|Sum|Minimum|Maximum|IQM|(p|tm|tc|ts|wm)\d{1,2}(\.\d{1,10})?|p100)$"
    ),
]


class Metric(BaseModel):
    """One metric of CloudWatch."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    namespace: str = Field(min_length=1, description="`AWS/ApplicationELB`, or your own.")
    metric: str = Field(min_length=1, description="The metric's name: `TargetResponseTime`.")
    dimensions: dict[str, str] = Field(
        default_factory=dict, description="Name -> value, all of the metric's; `{slot}` is filled in."
    )
    statistic: Statistic = Field(
        default="Average", description="`Sum`, `Average`, `Maximum`, `p95`, `p99`, `p99.9` ..."
    )


class Cloudwatch(Limited):
    """Asks GetMetricData for whole periods of the last `range_s` seconds, and makes one number of each metric.

    Several metrics are compared, and the worst is named; with an `expression` over their names only that one counts.
    No data points, a part of the data, and any error are no data: CloudWatch holds no zeros for what did not happen,
    so count errors as `FILL(errors, 0)` in an expression.
    """

    kind: Literal["cloudwatch"] = "cloudwatch"
    every_s: float | None = Field(
        default=60, gt=0, description="Seconds between two samples of the watch: each is a paid request."
    )
    region: str = Field(pattern=r"^[a-z0-9-]+$", description="AWS region: `eu-central-1`.")
    metrics: dict[Id, Metric] = Field(min_length=1, max_length=50, description="Name -> metric.")
    expression: str | None = Field(
        default=None, min_length=1, description="Metric math over those names: `100 * errors / requests`."
    )
    unit: str = Field(default="", description="Unit of the value: `s`, `%`, `count` ...")
    period_s: int = Field(default=MINUTE_S, ge=1, le=86_400, description="Seconds of one data point.")
    range_s: int = Field(default=300, ge=1, le=86_400, description="Seconds back that are asked for.")
    reduce: Reduction = Field(default="last", description="What is made of the data points.")
    endpoint_url: BaseUrl | None = Field(default=None, description="By default the region's own.")
    access_key_id: SecretStr | None = Field(
        default=None, description="A reference; by default AWS' chain: environment, profile, role."
    )
    secret_access_key: SecretStr | None = Field(default=None, description="Goes with `access_key_id`.")
    session_token: SecretStr | None = Field(default=None, description="Of temporary credentials.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for all of it.")

    @model_validator(mode="after")
    def _times_are_sound(self) -> Self:
        if self.period_s not in SHORT_PERIODS_S and self.period_s % MINUTE_S:
            raise ValueError("period_s must be 1, 5, 10, 30 or whole minutes")
        if self.range_s < self.period_s:
            raise ValueError("range_s must not be less than period_s")
        return self

    @model_validator(mode="after")
    def _credentials_are_sound(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key go together")
        if self.session_token is not None and self.access_key_id is None:
            raise ValueError("session_token goes with access_key_id")
        return self

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`."""
        needs_slot = any(
            SLOT in value for each in self.metrics.values() for value in each.dimensions.values()
        )
        if needs_slot and place.slot is None:
            return self.no_data(place, f"the dimensions need a slot, and that of {place.name} is not known")
        asked = self._request(place.slot or "")
        try:
            found = within(self.timeout_s, lambda: metric_data(self._account(), asked), "ask CloudWatch")
        except TimeoutError:
            return self.no_data(place, f"CloudWatch: no whole answer within {self.timeout_s:g} s")
        except NotGiven as reason:
            return self.no_data(place, f"CloudWatch {reason}")
        return self._measured(place, found)

    def _account(self) -> Account:
        return Account(
            self.region,
            self.endpoint_url,
            self.access_key_id,
            self.secret_access_key,
            self.session_token,
            self.timeout_s,
        )

    def _request(self, slot: str) -> dict[str, Any]:
        """Whole periods only: the one that goes on holds too little still."""
        until = int(time.time()) // self.period_s * self.period_s
        end = datetime.fromtimestamp(until, UTC)
        start = end - timedelta(seconds=self.range_s)
        queries = list(self._queries(slot))
        return {
            "MetricDataQueries": queries,
            "StartTime": start,
            "EndTime": end,
            "ScanBy": "TimestampAscending",
        }

    def _queries(self, slot: str) -> Iterator[dict[str, Any]]:
        for name, each in self.metrics.items():
            dimensions = [
                {"Name": key, "Value": value.replace(SLOT, slot)} for key, value in each.dimensions.items()
            ]
            metric = {"Namespace": each.namespace, "MetricName": each.metric, "Dimensions": dimensions}
            stat = {"Metric": metric, "Period": self.period_s, "Stat": each.statistic}
            yield {"Id": name, "Label": name, "MetricStat": stat, "ReturnData": self.expression is None}
        if self.expression is not None:
            yield {"Id": RESULT, "Expression": self.expression, "Period": self.period_s}

    def _measured(self, place: Place, found: Mapping[str, Sequence[float]]) -> Finding:
        numbers = {name: reduced(samples, self.reduce) for name, samples in found.items()}
        values = {name: number for name, number in numbers.items() if number is not None}
        if not values:
            return self.no_data(place, f"CloudWatch has no data points of the last {self.range_s} s")
        if self.expression is not None and len(values) == 1:
            (result,) = values.values()
            values = {self.expression: result}
        return self.judged(place, values, self.unit, "metrics")
