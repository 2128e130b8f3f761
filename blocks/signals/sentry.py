"""`sentry`: how many events, issues or new issues Sentry has seen in the last minutes."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self
from urllib.parse import urlencode

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from blocks.fields import BaseUrl
from blocks.http_client import Answer, HttpClient, NoAnswer
from blocks.http_credentials import Token, bearer, is_private
from blocks.limits import Limited
from blocks.sentry_answer import Issue, NotCounted, issues_of, next_cursor
from blocks.signals.contract import Place
from domain.findings import Finding

LONGEST = 8 * 1024 * 1024
PAGE = 100
"""Issues a page; Sentry gives no more."""
SLOT = "{slot}"

LONGEST_PAUSE_S = 300
"""Nobody is believed who asks to wait for longer."""


@dataclass
class Pause:
    """How long nothing is to be asked. Two of them are equal whatever they hold: they are no part of the settings."""

    until: float = field(default=0.0, compare=False, repr=False)

    def begin(self, seconds: float) -> None:
        """From now."""
        self.until = time.monotonic() + min(seconds, LONGEST_PAUSE_S)

    def left(self) -> float:
        """Seconds; nought or less where it is over."""
        return self.until - time.monotonic()


Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Term = Annotated[str, StringConstraints(pattern=r'^[^\s"\\]+$')]


class Sentry(Limited):
    """Lists the issues that had events in the last `minutes`, and counts them or their events.

    No issues are a count of nought. A Sentry that is away, refuses the token or the query, or asks to wait (429) is no
    data. So is a list that is longer than `pages`, unless what was read of it is above the limit already.
    """

    kind: Literal["sentry"] = "sentry"
    every_s: float | None = Field(
        default=30, gt=0, description="Seconds between two samples of the watch: Sentry limits their rate."
    )
    url: BaseUrl = Field(
        default="https://sentry.io", description="Sentry's address; a region's, or your own server's."
    )
    organization: Slug = Field(description="The organization's slug.")
    project: Slug | None = Field(
        default=None, coerce_numbers_to_str=True, description="The project's slug or number; by default all."
    )
    environment: Term | None = Field(
        default=None, description="Only events of this environment, as Sentry knows it."
    )
    release: Term | None = Field(
        default=None, description="Only events of this release: `shop@2.1.0`, or `latest`."
    )
    query: str = Field(
        default="is:unresolved",
        description="More search terms, as in Sentry's search; `{slot}` is filled in: `slot:{slot}`.",
    )
    count: Literal["events", "issues", "new_issues"] = Field(
        default="events", description="What is counted; a new issue was never seen before these minutes."
    )
    minutes: int = Field(default=5, ge=1, le=1440, description="Minutes back.")
    token: Token = Field(description="Token with the scope `event:read`; a reference, `${SENTRY_TOKEN}`.")
    pages: int = Field(default=10, ge=1, le=100, description=f"Pages of {PAGE} issues that are read at most.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for all of it.")
    _pause: Pause = PrivateAttr(default_factory=Pause)

    @model_validator(mode="after")
    def _token_stays_private(self) -> Self:
        if not is_private(self.url):
            raise ValueError("the token is sent to https addresses and this machine only")
        return self

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`."""
        if SLOT in self.query and place.slot is None:
            return self.no_data(place, f"the query needs a slot, and that of {place.name} is not known")
        if (left := self._pause.left()) > 0:
            return self.no_data(place, f"Sentry at {self.url} asked to wait, {math.ceil(left)} s are left")
        found: list[Issue] = []
        try:
            with HttpClient(LONGEST) as client:
                for page in self._pages(client, self._parameters(place.slot or "")):
                    found += page
        except NoAnswer as error:
            late = error.symptom == "timeout"
            said = f"no whole answer within {self.timeout_s:g} s" if late else error.said
            return self._cut_short(place, found, f"Sentry at {self.url}: {said}")
        except NotCounted as reason:
            self._pause.begin(reason.wait_s)
            return self._cut_short(place, found, f"Sentry at {self.url} {reason}")
        return self._counted(place, found)

    def _pages(self, client: HttpClient, asked: dict[str, str]) -> Iterator[list[Issue]]:
        """Raises NoAnswer, NotCounted. Only the cursor is taken of a link: the token goes to our address alone."""
        until = time.monotonic() + self.timeout_s
        for _ in range(self.pages):
            answer = self._ask(client, asked, until - time.monotonic())
            yield issues_of(answer)
            cursor = next_cursor(answer)
            if cursor is None:
                return
            asked = {**asked, "cursor": cursor}
        raise NotCounted(f"has more than {self.pages} pages of issues")

    def _ask(self, client: HttpClient, asked: dict[str, str], left_s: float) -> Answer:
        path = f"/api/0/organizations/{self.organization}/issues/?{urlencode(asked)}"
        return client.ask("GET", self.url + path, bearer(self.token), None, within_s=left_s)

    def _parameters(self, slot: str) -> dict[str, str]:
        terms = [self.query.replace(SLOT, slot)]
        numbered = self.project is not None and self.project.isdigit()
        if self.project is not None and not numbered:
            terms.append(f"project:{self.project}")
        if self.release is not None:
            terms.append(f'release:"{self.release}"')
        if self.count == "new_issues":
            terms.append(f"firstSeen:-{self.minutes}m")
        asked = {"statsPeriod": f"{self.minutes}m", "limit": str(PAGE), "sort": "freq"}
        asked["project"] = str(self.project) if numbered else "-1"
        asked["query"] = " ".join(term for term in terms if term)
        return asked | ({"environment": self.environment} if self.environment is not None else {})

    def _counted(self, place: Place, found: list[Issue]) -> Finding:
        by_events = self.count == "events"
        total = sum(issue.events for issue in found) if by_events else len(found)
        what = f"{self.count.replace('_', ' ')} in {self.minutes} min"
        if by_events and found:
            most = max(found, key=lambda issue: issue.events)
            of_all = f" in {len(found)} issues, most ({most.events})" if len(found) > 1 else ", all"
            what += f"{of_all} of {most}"
        elif found:
            what += f", first {found[0]}"
        return self.judged(place, {what: float(total)}, "count", "counts")

    def _cut_short(self, place: Place, found: list[Issue], why: str) -> Finding:
        """What was read is a count from below: enough to be above a limit, and for nothing else."""
        counted = self._counted(place, found)
        beyond = self.above is not None and counted.value is not None and counted.value > self.above
        return counted if beyond else self.no_data(place, why)
