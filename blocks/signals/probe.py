"""`probe`: many requests through a place, for its error rate and its latency."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Literal

from pydantic import Field

from blocks.http_client import HttpClient, NoAnswer
from blocks.http_expectation import Status
from blocks.http_request import Headers, Path
from blocks.reduction import p95, reduced
from blocks.signals.contract import Place, Signal
from domain.findings import Finding


@dataclass(frozen=True)
class Sample:
    """One request. `error`: a few words, empty where it was answered well.

    `seconds`: what it took; of one that timed out what was waited, else the slowest would count for nothing; None where the
    connection failed.
    """

    error: str
    seconds: float | None


class Probe(Signal):
    """Sends requests on kept-alive connections, as browsers do. MVP-011's limits are the default: 1 % and 3 s."""

    kind: Literal["probe"] = "probe"
    path: Path = "/"
    headers: Headers = Field(default_factory=dict, description="Header -> value.")
    status: Status | list[Status] = Field(
        default=200, description="The status, or the statuses, of a good answer."
    )
    requests: int = Field(default=20, ge=0, le=10_000, description="How many are sent.")
    concurrency: int = Field(default=4, ge=1, le=64, description="How many connections they share.")
    max_error_rate: float = Field(default=1.0, ge=0, le=100, description="Percent.")
    max_p95_s: float = Field(
        default=3.0, gt=0, description="Seconds that 95 of 100 answers may take at most."
    )
    measure: Literal["p95", "mean", "error_rate"] = Field(
        default="p95", description="Which number triggers compare: seconds, or the percent that failed."
    )
    request_timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for one request.")
    timeout_s: float = Field(
        default=10.0, gt=0, le=300, description="Seconds for all; what is not sent by then, is not."
    )

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`. Bad where nothing answers; no data where no request was to be sent."""
        if place.url is None:
            return self.no_data(place, f"{place.name} has no address")
        if self.requests == 0:
            return self.no_data(place, "no request was sent")
        return self._judged(place, self.sampled(place.url))

    def sampled(self, base: str) -> list[Sample]:
        """The requests themselves, sent to this base URL; fewer than `requests` where the time is over before."""
        return self._samples(base + self.path)

    def _samples(self, url: str) -> list[Sample]:
        until = time.monotonic() + self.timeout_s
        tickets = count()

        def work() -> list[Sample]:
            taken: list[Sample] = []
            with HttpClient() as client:
                while next(tickets) < self.requests and (left := until - time.monotonic()) > 0:
                    taken.append(self._sample(client, url, min(left, self.request_timeout_s)))
            return taken

        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="probe") as pool:
            workers = [pool.submit(work) for _ in range(min(self.concurrency, self.requests))]
            return [sample for worker in workers for sample in worker.result()]

    def _sample(self, client: HttpClient, url: str, within_s: float) -> Sample:
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        try:
            answer = client.ask("GET", url, headers, None, within_s=within_s)
        except NoAnswer as error:
            return Sample(error.symptom, error.seconds)
        good = self.status if isinstance(self.status, list) else [self.status]
        return Sample("" if answer.status in good else f"http {answer.status}", answer.seconds)

    def _judged(self, place: Place, samples: Sequence[Sample]) -> Finding:
        errors = Counter(sample.error for sample in samples if sample.error)
        rate = 100 * errors.total() / len(samples)
        seconds = [sample.seconds for sample in samples if sample.seconds is not None]
        slowest = p95(seconds)
        said = f"{errors.total()} of {len(samples)} failed ({rate:.1f} %)"
        said += "" if slowest is None else f", p95 {slowest:.3f} s"
        value, unit = (rate, "%") if self.measure == "error_rate" else (reduced(seconds, self.measure), "s")
        if rate > self.max_error_rate:
            most = min(errors, key=lambda error: (-errors[error], error))
            return self.bad(place, f"{said}, mostly {most}", f"errors {most}", value=value, unit=unit)
        if slowest is not None and slowest > self.max_p95_s:
            return self.bad(place, f"{said} (at most {self.max_p95_s:g} s)", "slow", value=value, unit=unit)
        return self.ok(place, said, value=value, unit=unit)
