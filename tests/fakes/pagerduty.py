"""PagerDuty's Events API v2 as a client sees it, over HTTP on loopback."""

from typing import Any

from tests.fakes.http_server import HttpServer, Reply, Seen

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
LONGEST_SUMMARY = 1024
LONGEST_EVENT = 512 * 1024


class FakePagerDuty(HttpServer):
    """Takes what PagerDuty takes and refuses what it refuses. `events`: what it took, oldest first.

    `alerts`: key -> triggered, acknowledged or resolved. `instead`: what it answers in place of that.
    """

    def __init__(self, tls: Any = None) -> None:
        super().__init__(self._answer_as_pagerduty, tls)
        self.events: list[dict[str, Any]] = []
        self.alerts: dict[str, str] = {}
        self.instead: Reply | None = None

    def _answer_as_pagerduty(self, seen: Seen) -> Reply:
        if self.instead is not None:
            return self.instead
        if (seen.method, seen.path) != ("POST", "/v2/enqueue"):
            return Reply(404, {"status": "not found"})
        event = seen.json()
        if event.get("routing_key") != ROUTING_KEY:
            return _invalid(f"Invalid routing key: {event.get('routing_key')}")
        if problem := _problem(event, len(seen.body)):
            return _invalid(problem)
        self._take(event)
        return Reply(
            202, {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        )

    def _take(self, event: dict[str, Any]) -> None:
        """An alert that was acknowledged stays so; only an open one is acknowledged or resolved."""
        key, now = event["dedup_key"], self.alerts.get(event["dedup_key"], "resolved")
        becomes = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
        if event["event_action"] == "trigger" and now == "resolved":
            self.alerts[key] = "triggered"
        elif event["event_action"] != "trigger" and now != "resolved":
            self.alerts[key] = becomes[event["event_action"]]
        self.events.append(event)


def _invalid(problem: str) -> Reply:
    return Reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": [problem]})


def _problem(event: dict[str, Any], size: int) -> str:
    if event.get("event_action") not in ACTIONS:
        return "'event_action' is invalid"
    if size > LONGEST_EVENT:
        return "the event is too large"
    payload = event.get("payload", {})
    if event["event_action"] != "trigger":
        return "" if event.get("dedup_key") else "'dedup_key' is missing"
    missing = [name for name in ("summary", "source", "severity") if not payload.get(name)]
    if missing or payload["severity"] not in SEVERITIES or len(payload["summary"]) > LONGEST_SUMMARY:
        return f"'payload' is invalid {missing}"
    return ""
