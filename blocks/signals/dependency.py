"""`dependency`: whether what the application depends on answers as it should, or says itself that it is well."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from blocks.fields import BaseUrl
from blocks.http_client import Answer, HttpClient, NoAnswer
from blocks.http_expectation import body_of, value_at
from blocks.http_request import HttpRequest, Path, send
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

LONGEST_PAGE = 4 * 1024 * 1024
STATUS, SUMMARY = "/api/v2/status.json", "/api/v2/summary.json"
INDICATORS = {"none": 0, "maintenance": 1, "minor": 1, "major": 2, "critical": 3}
"""What a whole page says (Atlassian Statuspage API), and how bad that is."""

COMPONENTS = {
    "operational": 0,
    "under_maintenance": 1,
    "degraded_performance": 1,
    "partial_outage": 2,
    "major_outage": 3,
}
"""The same for one component of a page."""

LEVELS = {"none": 0, "minor": 1, "major": 2}


class StatusPage(BaseModel):
    """A page that speaks Atlassian Statuspage's API, as most third parties' do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str | None = Field(
        default=None, min_length=1, description="Only this component, by its name; by default the whole page."
    )
    accepts: Literal["none", "minor", "major"] = Field(
        default="minor",
        description="The worst that is still ok. Maintenance and degraded performance are minor, a partial outage is"
        " major.",
    )


class Dependency(HttpRequest, Signal):
    """Asks at its own `url`, whatever place is asked for.

    Without `status_page` it is one request to the dependency itself, held against `expect` (`within_s` limits its
    latency); seconds are the value. With it the third party's own word counts, from 0 (operational) to 3 (critical); a
    page that cannot be read is no data, since the page is not what the application needs.
    """

    kind: Literal["dependency"] = "dependency"
    url: BaseUrl = Field(description="Base URL of the dependency, or of its status page.")
    path: Path = "/"
    status_page: StatusPage | None = Field(
        default=None, description="The `url` is a status page; `path` is not given then."
    )
    timeout_s: float = Field(default=3.0, gt=0, le=60, description="Seconds for all of it, to the last byte.")

    @model_validator(mode="after")
    def _page_has_its_path(self) -> Self:
        if self.status_page is not None and {"path", "expect", "method", "body"} & self.model_fields_set:
            raise ValueError("status_page goes without path, method, body and expect")
        return self

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`."""
        return self._endpoint(place) if self.status_page is None else self._page(place, self.status_page)

    def _endpoint(self, place: Place) -> Finding:
        try:
            with HttpClient() as client:
                answer = send(client, self.url, self, self.timeout_s)
        except NoAnswer as error:
            said = f"{self.url}: {error.said}"
            return self.bad(place, said, error.symptom, value=error.seconds, unit="s")
        if mismatch := self.expect.mismatch(answer):
            said = f"{self.url}: {mismatch.said}"
            return self.bad(place, said, mismatch.symptom, value=answer.seconds, unit="s")
        said = f"{self.url}: http {answer.status} in {answer.seconds:.3f} s"
        return self.ok(place, said, value=answer.seconds, unit="s")

    def _page(self, place: Place, page: StatusPage) -> Finding:
        asked = self.model_copy(update={"path": STATUS if page.component is None else SUMMARY})
        try:
            with HttpClient(LONGEST_PAGE) as client:
                answer = send(client, self.url, asked, self.timeout_s)
        except NoAnswer as error:
            return self.no_data(place, f"the status page {self.url}: {error.said}")
        word, level = _indicator(answer) if page.component is None else _component(answer, page.component)
        who = self.url if page.component is None else f"{page.component} of {self.url}"
        if level is None:
            return self.no_data(place, f"the status page {self.url} answered {answer.status} and no {word}")
        said = f"{who} says: {word}"
        if level <= LEVELS[page.accepts]:
            return self.ok(place, said, value=float(level), unit="level")
        return self.bad(place, said, f"says {word}", value=float(level), unit="level")


def _indicator(answer: Answer) -> tuple[str, int | None]:
    """What the page says, and how bad that is; what is missing, and None, where it says nothing."""
    word = value_at(body_of(answer), "status.indicator")
    return _level(word, INDICATORS, "status.indicator")


def _component(answer: Answer, name: str) -> tuple[str, int | None]:
    components = value_at(body_of(answer), "components")
    listed = components if isinstance(components, list) else []
    found = next((one for one in listed if isinstance(one, dict) and one.get("name") == name), {})
    return _level(found.get("status"), COMPONENTS, f"component {name!r}")


def _level(word: Any, levels: Mapping[str, int], wanted: str) -> tuple[str, int | None]:
    known = isinstance(word, str) and word in levels
    return (word, levels[word]) if known else (wanted, None)
