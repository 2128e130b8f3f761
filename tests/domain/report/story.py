"""Incidents as their journals tell them, for the tests of the report; times are seconds after the first bad sign."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.consent import Answer, Approval
from domain.findings import Finding, Verdict
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.release import Release
from domain.request import Request
from domain.severity import Severity

START = datetime(2026, 11, 22, 3, 15, 2, tzinfo=UTC)
APPLICATION = "flappyjournal/production"
INCIDENT = "20261122-031505-flappyjournal-production-4f2a"

Step = tuple[float, Happened, dict[str, Any]]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def finding(
    name: str, on: str, *, ok: bool = True, said: str = "", version: str | None = None, after: float = 0
) -> Finding:
    verdict = Verdict.OK if ok else Verdict.BAD
    text = said or ("http 200 in 0.02 s" if ok else "http 503 in 0.01 s")
    return Finding(
        name=name,
        on=on,
        verdict=verdict,
        said=text,
        symptom="" if ok else "http 503",
        version=version,
        at=at(after),
    )


def request(**over: Any) -> Request:
    detection = [finding("health", "router", ok=False, after=moment) for moment in (0, 1, 2)]
    values: dict[str, Any] = {
        "application": APPLICATION,
        "reason": "three bad answers in a row",
        "issue": "health-check-failure",
        "by": "backout serve",
        "via": "automation",
        "detection": detection,
        "at": at(2.1),
    }
    return Request(**(values | over))


def plan(**over: Any) -> Plan:
    values: dict[str, Any] = {
        "application": APPLICATION,
        "decision": Decision.ROLL_BACK,
        "severity": Severity.CRITICAL,
        "issue": "health-check-failure",
        "from_release": "v1.0-full-tech",
        "from_slot": "green",
        "to_release": "v0.9-backup",
        "to_slot": "blue",
        "why": [
            "three bad answers in a row",
            "v0.9-backup in blue is the newest healthy release that has served",
        ],
        "acts": ["preserve", "prepare", "switch", "verify", "report", "soak"],
        "rto_s": 120,
        "seen": [
            finding("health", "router", ok=False),
            finding("health", "green", ok=False),
            finding("health", "blue", version="v0.9-backup"),
        ],
        "made_at": at(2.9),
    }
    return Plan(**(values | over))


AFTER = [
    finding("health", "router", version="v0.9-backup"),
    finding("websocket", "router", said="echo in 0.01 s"),
    finding("auth-health", "router"),
    finding("response-time", "router", said="p95 0.04 s"),
]


def receipt(
    before: str = "green", after: str = "blue", cost: str = "", *, changed: bool = True
) -> dict[str, Any]:
    return {"changed": changed, "before": before, "after": after, "cost": cost}


def act(name: str, start: float, end: float, error: str | None = None) -> list[Step]:
    done = {"act": name, "seconds": end - start} if error is None else {"act": name, "error": error}
    kind = Happened.ACT_DONE if error is None else Happened.ACT_FAILED
    return [(start, Happened.ACT_STARTED, {"act": name}), (end, kind, done)]


def looked(seconds: float, slot: str, findings: list[Finding], *, ok: bool) -> Step:
    data = {"slot": slot, "findings": [row.model_dump(mode="json") for row in findings], "ok": ok}
    return (seconds, Happened.VERIFIED, data)


def opening(asked: Request, decided: Plan, opened: float, planned: float) -> list[Step]:
    deployed = Release(
        application=APPLICATION, version="v1.0-full-tech", recorded_at=at(-300), served_since=at(-290)
    )
    situation = {"releases": [deployed.model_dump(mode="json")]}
    middle = (opened + planned) / 2
    return [
        (opened, Happened.OPENED, {"request": asked.model_dump(mode="json")}),
        *act("survey", opened + 0.01, middle),
        *act("assess", middle, planned - 0.01),
        (planned, Happened.PLANNED, {"plan": decided.model_dump(mode="json"), "situation": situation}),
    ]


def incident(asked: Request, decided: Plan, outcome: Outcome | None, opened: float, **over: Any) -> Incident:
    values: dict[str, Any] = {
        "id": INCIDENT,
        "application": APPLICATION,
        "request": asked,
        "plan": decided,
        "opened_at": at(opened),
        "outcome": outcome,
    }
    return Incident(**(values | over))


def entries(steps: list[Step]) -> list[Entry]:
    """The steps as a journal; not sealed, since a report does not look at seals."""
    rows = sorted(steps, key=lambda step: step[0])
    return [
        Entry(incident=INCIDENT, seq=seq, at=at(seconds), kind=kind, data=data)
        for seq, (seconds, kind, data) in enumerate(rows, start=1)
    ]


Case = tuple[Incident, list[Entry]]


def automatic(cost: str = "", told: Mapping[str, str] | None = None) -> Case:
    """Found by its own signals, nobody asked, verified within seconds."""
    asked, decided = request(), plan()
    steps = [
        *opening(asked, decided, 2.3, 2.9),
        (3.0, Happened.ANNOUNCED, {"channels": ["logfile", "slack"]}),
        (3.05, Happened.MESSAGE_SENT, {"channel": "logfile", "thread": None}),
        (3.4, Happened.MESSAGE_FAILED, {"channel": "slack", "why": "no such channel: #inc|dents"}),
        *act("preserve", 3.05, 3.45),
        (3.45, Happened.PRESERVED, {"files": ["green.log", "blue.log", "Caddyfile"]}),
        *act("prepare", 3.46, 3.52),
        *act("switch", 3.53, 3.54),
        (3.54, Happened.SWITCHED, {"receipt": receipt(cost=cost)}),
        *act("verify", 3.55, 4.6),
        looked(4.59, "blue", AFTER, ok=True),
        (4.8, Happened.CLOSED, {"outcome": "rolled_back"}),
    ]
    return incident(
        asked, decided, Outcome.ROLLED_BACK, 2.3, closed_at=at(4.8), told=dict(told or {})
    ), entries(steps)


def answer(seconds: float, said: Answer = Answer.APPROVE, person: str = "jane", via: str = "cli") -> Step:
    given = Approval(
        incident=INCIDENT,
        plan="digest",
        answer=said,
        person=person,
        via=via,
        proven=True,
        reason="go",
        at=at(seconds),
    )
    return (seconds, Happened.ANSWERED, {"approval": given.model_dump(mode="json")})


def consented(answered: float = 190.0) -> Case:
    """Asked for by a person, approved after minutes."""
    consent = Consent(people=1, deadline_s=300)
    asked = request(detection=[], at=at(0), by="sam", via="cli", issue="performance-degradation", users=120)
    decided = plan(
        severity=Severity.HIGH, issue="performance-degradation", rto_s=300, consent=consent, deadline_s=300
    )
    steps = [
        *opening(asked, decided, 0.4, 1.6),
        (1.8, Happened.CONSENT_ASKED, {"deadline": at(301.8).isoformat(), "plan": "digest"}),
        answer(answered),
        (answered + 1.2, Happened.RESUMED, {}),
        *act("preserve", answered + 1.5, answered + 4.5),
        *act("prepare", answered + 4.6, answered + 9.1),
        *act("switch", answered + 9.2, answered + 9.25),
        (
            answered + 9.25,
            Happened.SWITCHED,
            {"receipt": receipt(cost="about 2 kept-alive connections were closed")},
        ),
        *act("verify", answered + 9.3, answered + 14.0),
        looked(answered + 13.9, "blue", AFTER, ok=True),
        (answered + 14.5, Happened.CLOSED, {"outcome": "rolled_back"}),
    ]
    return incident(asked, decided, Outcome.ROLLED_BACK, 0.4, closed_at=at(answered + 14.5)), entries(steps)


def went_back() -> Case:
    """The target did not verify, so traffic went back; an emergency, past its RTO."""
    asked = request(
        by="jane", via="cli", kind="emergency", at=at(94), detection=[finding("health", "router", ok=False)]
    )
    decided = plan(acts=["prepare", "switch", "verify", "preserve", "report", "soak"])
    bad = [finding("health", "router", ok=False), finding("websocket", "router")]
    steps = [
        *opening(asked, decided, 95.0, 97.0),
        *act("prepare", 97.1, 112.0),
        *act("switch", 112.1, 112.6),
        (112.6, Happened.SWITCHED, {"receipt": receipt()}),
        looked(141.0, "blue", bad, ok=False),
        *act("verify", 112.7, 141.0, "slot blue does not pass: health"),
        (
            142.5,
            Happened.WENT_BACK,
            {"receipt": receipt("blue", "green"), "error": "slot blue does not pass: health"},
        ),
        (143.0, Happened.CLOSED, {"outcome": "went_back"}),
    ]
    return incident(asked, decided, Outcome.WENT_BACK, 95.0, closed_at=at(143.0)), entries(steps)


def held() -> Case:
    """No safe target, so nothing was changed."""
    asked = request()
    decided = plan(
        decision=Decision.HOLD, to_release=None, to_slot=None, acts=[], why=["no standby release is healthy"]
    )
    steps = [*opening(asked, decided, 2.3, 2.9), (3.0, Happened.CLOSED, {"outcome": "held"})]
    return incident(asked, decided, Outcome.HELD, 2.3, closed_at=at(3.0)), entries(steps)
