"""`prometheus_targets`: whether Prometheus reaches all that it should scrape."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import Field

from blocks.fields import BaseUrl
from blocks.http_client import Answer, HttpClient, NoAnswer
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

PATH = "/api/v1/targets?state=active"
LONGEST = 16 * 1024 * 1024
NAMED = 3
"""How many of those that are down are named; the others are counted."""


class PrometheusTargets(Signal):
    """Ok where all active targets of the given jobs and labels are up; one that is down is named.

    No targets, targets that were not scraped yet, and a Prometheus that does not answer are no data: monitoring that is
    away says nothing of a release. It looks at the same Prometheus wherever it is asked.

    Prometheus follows a switch seconds later (it takes changes of its targets every 5 s): until then the slot that was
    left is still marked as the one that serves, so targets that say they are of another slot never count.
    """

    kind: Literal["prometheus_targets"] = "prometheus_targets"
    url: BaseUrl = Field(description="Prometheus' base URL.")
    jobs: list[str] = Field(
        default_factory=list, description="Only targets of these jobs; by default of all."
    )
    labels: dict[str, str] = Field(
        default_factory=dict,
        description='Only targets with these labels: `{active: "true"}` leaves out the slot that does not serve.',
    )
    slot_label: str = Field(
        default="slot", description="Label that names a target's slot; those of another slot are left out."
    )
    timeout_s: float = Field(default=3.0, gt=0, le=60, description="Seconds for all of it.")

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`."""
        try:
            with HttpClient(LONGEST) as client:
                answer = client.ask("GET", self.url + PATH, {}, None, within_s=self.timeout_s)
            targets = [target for target in _targets(answer) if self._wanted(target["labels"], place.slot)]
        except NoAnswer as error:
            return self.no_data(place, f"Prometheus at {self.url}: {error.said}")
        except (ValueError, KeyError, TypeError):
            said = f"Prometheus at {self.url} answered {answer.status} without a list of targets"
            return self.no_data(place, said)
        return self._judged(place, targets)

    def _wanted(self, labels: Mapping[str, str], slot: str | None) -> bool:
        of_jobs = not self.jobs or labels.get("job") in self.jobs
        of_slot = slot is None or labels.get(self.slot_label, slot) == slot
        return of_jobs and of_slot and all(labels.get(name) == value for name, value in self.labels.items())

    def _judged(self, place: Place, targets: Sequence[dict[str, Any]]) -> Finding:
        down = [target for target in targets if target["health"] == "down"]
        up = [target for target in targets if target["health"] == "up"]
        said, counted = f"{len(up)} of {len(targets)} targets are up", float(len(up))
        if down:
            named = ", ".join(_named(target) for target in down[:NAMED])
            more = f" and {len(down) - NAMED} more" if len(down) > NAMED else ""
            jobs = ", ".join(sorted({target["labels"].get("job", "") for target in down}))
            return self.bad(place, f"{said}; down: {named}{more}", f"targets down {jobs}", value=counted)
        if not targets:
            return self.no_data(place, f"Prometheus has no such target{self._asked_for(place.slot)}")
        if len(up) < len(targets):
            return self.no_data(place, f"{said}; the others were not scraped yet")
        return self.ok(place, said, value=counted)

    def _asked_for(self, slot: str | None) -> str:
        asked = [*self.jobs, *(f"{name}={value}" for name, value in self.labels.items())]
        asked += [f"of slot {slot}"] if slot else []
        return f": {', '.join(asked)}" if asked else ""


def _targets(answer: Answer) -> list[dict[str, Any]]:
    """Raises ValueError, KeyError or TypeError where it is no list of targets."""
    if answer.status != HTTPStatus.OK or answer.cut:
        raise ValueError(answer.status)
    targets: list[dict[str, Any]] = answer.json()["data"]["activeTargets"]
    for target in targets:
        target["labels"].get("job"), target["health"]
    return targets


def _named(target: Mapping[str, Any]) -> str:
    labels = target["labels"]
    why = " ".join(str(target.get("lastError", "")).split())
    return f"{labels.get('job', '')} {labels.get('instance', '')}" + (f" ({why[:120]})" if why else "")
