"""Jarvis' API: health, version, accounts, chat, a dashboard and an integration behind flags."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import psycopg

from . import database, drafts, integration
from .release import MODEL, SLOW_S, VERSION, Fault, flag, shows, start
from .serving import JsonHandler, serve

ABOUT = {"name": "jarvis", "version": VERSION, "model": MODEL}


class Api(JsonHandler):
    """One connection of a client or of the kubelet."""

    quiet = ("/live", "/ready")

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """What can be looked at."""
        paths: dict[str, Callable[[], None]] = {
            "/live": lambda: self.answer(200, {"status": "alive"}),
            "/ready": self.ready,
            "/health": self.health,
            "/api": self.about,
            "/api/me": self.me,
            "/api/chat": self.history,
            "/api/dashboard": self.dashboard,
            "/api/weather": self.weather,
        }
        self._answered(paths)

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        """What can be done."""
        self._answered(
            {
                "/api/auth/register": self.register,
                "/api/auth/login": self.log_in,
                "/api/auth/logout": self.log_out,
                "/api/chat": self.chat,
            }
        )

    def do_DELETE(self) -> None:  # noqa: N802 - the name that http.server calls
        """An account can be removed by its owner."""
        self._answered({"/api/me": self.leave})

    def ready(self) -> None:
        """For the readiness probe: it says nothing of the database, or a short fault there took all pods away at once."""
        self.answer(503 if shows(Fault.READINESS) else 200, {"version": VERSION})

    def health(self) -> None:
        """For people and Backout: 503 unless this release can work with the schema, and keep what people write."""
        checks = {"database": _works(database.probe), "drafts": _works(drafts.probe)}
        well = set(checks.values()) == {"ok"}
        status = "healthy" if well else "unhealthy"
        self.answer(200 if well else 503, {"status": status, "version": VERSION, "checks": checks})

    def about(self) -> None:
        """The version, and which features are on."""
        features = {"newDashboard": flag("NEW_DASHBOARD"), "newIntegration": flag("NEW_INTEGRATION")}
        self.answer(200, {**ABOUT, "features": features})

    def register(self) -> None:
        """A new account."""
        given = self.given()
        if database.register(given["email"], given["password"]):
            return self.answer(201, {"email": given["email"]})
        return self.answer(409, {"error": "registered already"})

    def log_in(self) -> None:
        """A session."""
        given = self.given()
        token = database.log_in(given["email"], given["password"])
        return self.answer(200, {"token": token}) if token else self.answer(401, {"error": "wrong password"})

    def log_out(self) -> None:
        """The session ends."""
        self.answer(204 if database.log_out(self._token()) else 401)

    def me(self) -> None:
        """Whose session it is."""
        self._of_owner(lambda email: self.answer(200, {"email": email}))

    def leave(self) -> None:
        """The account goes."""
        self._of_owner(self._removed)

    def chat(self) -> None:
        """A message, and what Jarvis says to it."""
        if shows(Fault.ERRORS):
            raise RuntimeError("the planner has no such step")
        text = self.given()["text"]
        self._of_owner(lambda email: self._replied(email, text))

    def history(self) -> None:
        """All that was said."""
        self._of_owner(lambda email: self.answer(200, database.history(email)))

    def dashboard(self) -> None:
        """The new one where its flag is on."""
        if shows(Fault.ERRORS):
            raise RuntimeError("the planner has no such step")
        self.answer(200, {"dashboard": "new" if flag("NEW_DASHBOARD") else "classic", "version": VERSION})

    def weather(self) -> None:
        """What the partner says, or that it is not asked."""
        status, body = integration.weather()
        self.answer(status, body)

    def _answered(self, paths: dict[str, Callable[[], None]]) -> None:
        if shows(Fault.CRASH):
            print("ERROR out of memory", flush=True)
            os._exit(1)
        if self.path not in self.quiet and shows(Fault.SLOW):
            time.sleep(SLOW_S)
        try:
            paths.get(self.path, lambda: self.answer(404, {"error": "no such path"}))()
        except (psycopg.Error, RuntimeError, KeyError) as error:
            print(f"ERROR {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
            self.answer(500, {"error": "Jarvis cannot do this now"})

    def _of_owner(self, then: Callable[[str], None]) -> None:
        email = database.owner(self._token())
        if email is None:
            self.answer(401, {"error": "log in first"})
        else:
            then(email)

    def _replied(self, email: str, text: str) -> None:
        reply = f"You said: {text}"
        with drafts.kept(text):
            database.keep(email, text, reply)
        self.answer(201, {"reply": reply})

    def _removed(self, email: str) -> None:
        database.remove(email)
        self.answer(204)

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")


def _works(probe: Callable[[], None]) -> str:
    """What health says of it; why it failed is in the log."""
    try:
        probe()
    except (psycopg.Error, RuntimeError) as error:
        print(f"ERROR {probe.__module__}: {' '.join(str(error).split())}", flush=True)
        return "failed"
    return "ok"


if __name__ == "__main__":
    start()
    serve(Api)
