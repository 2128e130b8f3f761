"""Atlassian Statuspage's API as a client sees it, over HTTP on loopback: one page, its components, its incidents."""

from itertools import count
from typing import Any

from tests.fakes.http_server import HttpServer, Reply, Seen

API_KEY = "statuspage-key"
PAGE = "kctbh9vrtdwd"
COMPONENT = "8kbf7d35c070"
STATUSES = ("investigating", "identified", "monitoring", "resolved")
COMPONENT_STATUSES = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
)
ROOT = f"/v1/pages/{PAGE}"


class FakeStatuspage(HttpServer):
    """Takes what Statuspage takes and refuses what it refuses.

    `incidents`: id -> what it is now; `updates`: each status with its text, oldest first; `component`: its status now.
    `instead`: what it answers in place of that; `forgets`: it opens an incident, and its answer is lost.
    """

    def __init__(self, tls: Any = None) -> None:
        super().__init__(self._answer_as_statuspage, tls)
        self.incidents: dict[str, dict[str, Any]] = {}
        self.updates: list[tuple[str, str]] = []
        self.component = "operational"
        self.instead: Reply | None = None
        self.forgets = False
        self._numbers = count(1)

    @property
    def api(self) -> str:
        """What goes into `base_url`."""
        return f"{self.url}/v1"

    def _answer_as_statuspage(self, seen: Seen) -> Reply:
        if self.instead is not None:
            return self.instead
        if seen.headers.get("authorization") != f"OAuth {API_KEY}":
            return Reply(401, {"error": "Could not authenticate"})
        if not seen.path.startswith(ROOT):
            return Reply(404, {"error": "Not found"})
        done = self._do(seen.method, seen.path.removeprefix(ROOT), seen)
        return Reply(close=True) if self.forgets and seen.method == "POST" else done

    def _do(self, method: str, path: str, seen: Seen) -> Reply:
        if (method, path) == ("GET", "/components"):
            return Reply(body=[{"id": COMPONENT, "status": self.component}])
        if (method, path) == ("GET", "/incidents/unresolved"):
            return Reply(body=[row for row in self.incidents.values() if row["status"] != "resolved"])
        if (method, path) == ("POST", "/incidents"):
            return self._keep(f"p31zjtct2jer{next(self._numbers)}", seen.json()["incident"], 201)
        found = path.removeprefix("/incidents/")
        if method == "PATCH" and found in self.incidents:
            return self._keep(found, seen.json()["incident"], 200)
        return Reply(404, {"error": "Not found"})

    def _keep(self, name: str, incident: dict[str, Any], status: int) -> Reply:
        whole = {**self.incidents.get(name, {}), **incident, "id": name}
        states = incident.get("components", {})
        if not whole.get("name") or whole.get("status") not in STATUSES:
            return Reply(422, {"error": ["Name can't be blank", "Status is not included in the list"]})
        if set(states) - {COMPONENT} or set(states.values()) - set(COMPONENT_STATUSES):
            return Reply(422, {"error": ["Component is not on the page"]})
        self.incidents[name] = whole
        self.updates.append((whole["status"], whole["body"]))
        self.component = states.get(COMPONENT, self.component)
        return Reply(status, whole)
