"""Answers of Prometheus' HTTP API, as read by the `prometheus` signal.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from blocks.http_client import Answer
from blocks.one_line import one_line

REFUSED: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "refuses the query",
    HTTPStatus.UNPROCESSABLE_ENTITY: "cannot evaluate the query",
    HTTPStatus.SERVICE_UNAVAILABLE: "gave up on the query",
    HTTPStatus.UNAUTHORIZED: "does not take the credentials",
    HTTPStatus.FORBIDDEN: "does not allow the query",
}


class NotMeasured(Exception):
    """The answer holds nothing that can be believed; the text says why, after the words `Prometheus at URL`."""


@dataclass(frozen=True)
class Series:
    """One series of a result: its labels, and its values, oldest first."""

    labels: Mapping[str, str]
    values: Sequence[float]

    def __str__(self) -> str:
        """The labels as PromQL writes them; empty where there are none."""
        pairs = (f'{name}="{one_line(value)}"' for name, value in self.labels.items() if name != "__name__")
        inside = ", ".join(pairs)
        return self.labels.get("__name__", "") + (f"{{{inside}}}" if inside else "")


def series_of(answer: Answer) -> list[Series]:
    """The series that the answer to a query holds; none where the result is empty.

    Raises:
        NotMeasured: an error, a warning (the result may lack a part), or no such answer.
    """
    if answer.status != HTTPStatus.OK:
        raise NotMeasured(_refusal(answer))
    body = _object(answer)
    if body.get("status") != "success":
        raise NotMeasured(f"answers with an error: {one_line(body.get('error'))}")
    if warnings := body.get("warnings"):
        raise NotMeasured(f"warns: {one_line(warnings[0] if isinstance(warnings, list) else warnings)}")
    try:
        return _result(body["data"]["resultType"], body["data"]["result"])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        raise NotMeasured("answers without a result that can be read") from None


def _refusal(answer: Answer) -> str:
    said = REFUSED.get(answer.status)
    if said is None:
        return f"answers http {answer.status}"
    try:
        reason = one_line(_object(answer).get("error"))
    except NotMeasured:
        reason = ""
    return f"{said} (http {answer.status})" + (f": {reason}" if reason else "")


def _object(answer: Answer) -> dict[str, Any]:
    if answer.cut:
        raise NotMeasured(f"answers with more than {len(answer.body)} bytes: ask for fewer series")
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise NotMeasured(f"answers http {answer.status} without JSON: is it a Prometheus?")
    return body


def _result(kind: str, result: Any) -> list[Series]:
    """Raises what reading the wrong shape raises."""
    if kind == "scalar":
        return [Series({}, [float(result[1])])]
    if kind not in {"vector", "matrix"}:
        raise ValueError(kind)
    return [_series(each, [each["value"]] if kind == "vector" else each["values"]) for each in result]


def _series(each: Mapping[str, Any], samples: Sequence[Any]) -> Series:
    labels = {str(name): str(value) for name, value in each["metric"].items()}
    return Series(labels, [float(value) for _, value in samples])
