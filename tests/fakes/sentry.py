"""Sentry as a client sees it: the list of an organization's issues, over HTTP on loopback.

Source: https://docs.sentry.io/api/events/list-an-organizations-issues/, .../api/pagination/, .../api/ratelimits/
"""

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.http_server import HttpServer, Reply, Seen

TOKEN = "sntryu_right"
ORGANIZATION = "acme"
ISSUES = f"/api/0/organizations/{ORGANIZATION}/issues/"
MOST_A_PAGE = 100
MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}


@dataclass(frozen=True)
class Issue:
    """Events of one kind. `events`: minutes ago -> how many; the oldest is when it was first seen."""

    short_id: str
    events: Mapping[int, int]
    title: str = "ValueError: no such cart"
    project: tuple[int, str] = (1, "shop")
    environment: str = "production"
    release: str = "2.0"
    status: str = "unresolved"

    def counted(self, minutes: int) -> int:
        """Its events of the last minutes."""
        return sum(number for ago, number in self.events.items() if ago <= minutes)


class FakeSentry(HttpServer):
    """Answers as Sentry does. `issues`: what it knows. `instead`: what it answers in place of that.

    `after`: how many requests are answered well before `instead` is.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._answer_as_sentry, tls)
        self.issues: list[Issue] = []
        self.instead: Reply | None = None
        self.after = 0

    def _answer_as_sentry(self, seen: Seen) -> Reply:
        if self.instead is not None and len(self.seen) > self.after:
            return self.instead
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"detail": "Invalid token"})
        parts = urlsplit(seen.path)
        if parts.path != ISSUES or seen.method != "GET":
            return Reply(404, {"detail": "The requested resource does not exist"})
        asked = parse_qs(parts.query, keep_blank_values=True)
        if asked.get("environment", ["production"])[0] not in {issue.environment for issue in self.issues}:
            return Reply(404, {"detail": "The requested resource does not exist"})
        try:
            return self._page(asked)
        except ValueError as error:
            return Reply(400, {"detail": str(error)})

    def _page(self, asked: dict[str, list[str]]) -> Reply:
        minutes = _minutes(asked["statsPeriod"][0])
        wanted = [*_parameters(asked), *_terms(asked.get("query", ["is:unresolved"])[0])]
        found = [issue for issue in self.issues if issue.counted(minutes) and _all(wanted, issue)]
        found.sort(key=lambda issue: -issue.counted(minutes))
        start = int(asked.get("cursor", ["0:0:0"])[0].split(":")[1])
        size = min(int(asked.get("limit", ["100"])[0]), MOST_A_PAGE)
        rows = [_row(issue, minutes, bool(wanted)) for issue in found[start : start + size]]
        return Reply(body=rows, headers={"Link": self._link(asked, start, size, len(found))})

    def _link(self, asked: dict[str, list[str]], start: int, size: int, total: int) -> str:
        """Both links are always there; `results` says whether there is anything behind one."""
        query = urlencode({name: each for name, each in asked.items() if name != "cursor"}, doseq=True)
        before, behind = f"0:{max(0, start - size)}:1", f"0:{start + size}:0"
        return ", ".join(
            f'<https://sentry.invalid{ISSUES}?{query}&cursor={cursor}>; rel="{rel}"; '
            f'results="{str(results).lower()}"; cursor="{cursor}"'
            for cursor, rel, results in (
                (before, "previous", start > 0),
                (behind, "next", start + size < total),
            )
        )


Wanted = Callable[[Issue], bool]


def _all(wanted: Sequence[Wanted], issue: Issue) -> bool:
    return all(fits(issue) for fits in wanted)


def _minutes(period: str) -> int:
    if period[-1:] not in MINUTES or not period[:-1].isdigit():
        raise ValueError("Invalid statsPeriod")
    return int(period[:-1]) * MINUTES[period[-1]]


def _parameters(asked: dict[str, list[str]]) -> Iterable[Wanted]:
    projects = {int(each) for each in asked.get("project", [])} - {-1}
    if projects:
        yield lambda issue: issue.project[0] in projects
    if environments := asked.get("environment"):
        yield lambda issue: issue.environment in environments


TERMS: Mapping[str, Callable[[Issue, str], bool]] = {
    "is": lambda issue, status: issue.status == status,
    "release": lambda issue, release: issue.release == release,
    "project": lambda issue, slug: issue.project[1] == slug,
    "firstSeen": lambda issue, age: max(issue.events) <= _minutes(age.removeprefix("-")),
    "slot": lambda issue, slot: issue.release == slot,
}
"""Of Sentry's search what is used here; `slot` is a tag that the application gave its events."""


def _terms(query: str) -> Iterable[Wanted]:
    """Raises ValueError, as Sentry refuses a wrong term."""
    for term in query.split():
        key, _, value = term.partition(":")
        if key not in TERMS:
            raise ValueError(f"Error parsing search query: invalid term {key}")
        yield partial(_fits, TERMS[key], value.strip('"'))


def _fits(term: Callable[[Issue, str], bool], value: str, issue: Issue) -> bool:
    return term(issue, value)


def _row(issue: Issue, minutes: int, is_filtered: bool) -> dict[str, Any]:
    """The fields that matter here. What passed a filter is counted beside all of the issue's events."""
    count = str(issue.counted(minutes))
    return {
        "id": str(abs(hash(issue.short_id))),
        "shortId": issue.short_id,
        "title": issue.title,
        "status": issue.status,
        "project": {"id": str(issue.project[0]), "slug": issue.project[1]},
        "count": count if not is_filtered else str(issue.counted(minutes) + 1000),
        "filtered": {"count": count} if is_filtered else None,
        "lifetime": {"count": str(sum(issue.events.values()))},
    }
