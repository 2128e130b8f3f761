"""The `smoke` signal against an application with accounts and a journal."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import NetworkSignalContract, signal
from tests.fakes.http_server import HttpServer, Reply, Seen

PASSWORD = "Test1234!"
STEPS: list[dict[str, Any]] = [
    {
        "name": "register",
        "method": "POST",
        "path": "/register",
        "body": {"email": "rollback-{unique}@example.com", "password": PASSWORD},
        "expect": {"status": 201},
    },
    {
        "name": "log in",
        "method": "POST",
        "path": "/login",
        "body": {"email": "rollback-{unique}@example.com", "password": PASSWORD},
        "keep": {"token": "data.access_token", "user": "data.id"},
    },
    {"name": "front page", "path": "/", "expect": {"text": "Journal"}},
]
CLEANUP = [{
    "name": "delete account",
    "method": "DELETE",
    "path": "/users/{user}",
    "headers": {"Authorization": "Bearer {token}"},
    "expect": {"status": 204},
}]  # fmt: skip


class Accounts:
    """An application that can be broken at one path. `users`: email -> password of those there are."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.broken: dict[str, Reply] = {}
        self.seen: list[str] = []

    def answer(self, seen: Seen) -> Reply:
        route = f"{seen.method} {seen.path}"
        self.seen.append(route)
        if route in self.broken:
            return self.broken[route]
        if seen.path == "/":
            return Reply(body="<h1>Journal</h1>")
        if seen.method == "DELETE":
            return self._delete(seen)
        email, password = seen.json()["email"], seen.json()["password"]
        if seen.path == "/register":
            self.users[email] = password
            return Reply(201, {})
        known = self.users.get(email) == password
        return Reply(body={"data": {"access_token": f"token {email}", "id": 7}}) if known else Reply(401)

    def _delete(self, seen: Seen) -> Reply:
        email = seen.headers["authorization"].removeprefix("Bearer token ")
        return Reply(204, "") if seen.path == "/users/7" and self.users.pop(email, "") else Reply(403)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def place(accounts: Accounts) -> Iterator[Place]:
    with HttpServer(accounts.answer) as server:
        yield Place("router", server.url)


def look(place: Place, **settings: Any) -> Finding:
    return signal("smoke", **{"steps": STEPS, "cleanup": CLEANUP, **settings}).observe(place)


class TestSmoke(NetworkSignalContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "smoke", "steps": STEPS, "cleanup": CLEANUP}

    @pytest.fixture
    def quick(self) -> dict[str, Any]:
        return {"step_timeout_s": 0.3}

    @pytest.fixture
    def well(self, place: Place) -> Place:
        return place

    @pytest.fixture
    def ill(self, place: Place, accounts: Accounts) -> Place:
        accounts.broken["POST /login"] = Reply(500)
        return place


def test_runs_all_steps_and_removes_what_it_made(place: Place, accounts: Accounts) -> None:
    finding = look(place)
    assert (finding.ok, finding.said) == (True, "3 steps passed")
    assert accounts.seen == ["POST /register", "POST /login", "GET /", "DELETE /users/7"]
    assert accounts.users == {}


def test_each_look_has_its_own_test_data(place: Place, accounts: Accounts) -> None:
    look(place, cleanup=[])
    look(place, cleanup=[])
    assert len(accounts.users) == 2


def test_the_first_failing_step_is_named_and_the_cleanup_runs(place: Place, accounts: Accounts) -> None:
    accounts.broken["GET /"] = Reply(503, {"checks": {"frontend": "down"}})
    finding = look(place)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "front page http 503 frontend")
    assert finding.said == "front page: http 503 frontend (expected 200)"
    assert accounts.users == {}


def test_no_step_is_sent_after_a_failure(place: Place, accounts: Accounts) -> None:
    accounts.broken["POST /register"] = Reply(500)
    finding = look(place)
    assert finding.symptom == "register http 500"
    assert accounts.seen == ["POST /register"]
    assert (
        "cleanup failed, test data may be left (delete account: could not be sent, no step has kept token)"
        in finding.said
    )


def test_a_cleanup_that_fails_is_bad_since_data_was_left(place: Place, accounts: Accounts) -> None:
    accounts.broken["DELETE /users/7"] = Reply(500)
    finding = look(place)
    assert (finding.verdict, finding.symptom) == (Verdict.BAD, "cleanup")
    assert "delete account: http 500" in finding.said


def test_all_of_the_cleanup_runs_also_when_one_part_fails(place: Place, accounts: Accounts) -> None:
    broken = {"name": "drop cache", "method": "DELETE", "path": "/cache"}
    accounts.broken["DELETE /cache"] = Reply(close=True)
    assert look(place, cleanup=[broken, *CLEANUP]).symptom == "cleanup"
    assert accounts.users == {}


def test_the_cleanup_runs_when_a_person_interrupts(
    place: Place, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    from blocks.http_expectation import Expectation

    real = Expectation.mismatch

    def interrupted(self: Expectation, *arguments: Any, **options: Any) -> Any:
        if self.text == "Journal":
            raise KeyboardInterrupt
        return real(self, *arguments, **options)

    monkeypatch.setattr(Expectation, "mismatch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        look(place)
    assert accounts.users == {}


def test_a_value_that_cannot_be_kept_is_a_failure(place: Place, accounts: Accounts) -> None:
    accounts.broken["POST /login"] = Reply(body={"data": {"id": [1]}})
    assert look(place).symptom == "log in no data.access_token"


def test_kept_values_stay_inside_their_path_segment() -> None:
    def answer(seen: Seen) -> Reply:
        return Reply(body={"id": "../admin?x#y"}) if seen.path == "/make" else Reply(body={"path": seen.path})

    steps = [
        {"name": "make", "path": "/make", "keep": {"id": "id"}},
        {"name": "show", "path": "/show/{id}", "expect": {"json": {"path": "/show/..%2Fadmin%3Fx%23y"}}},
    ]
    with HttpServer(answer) as server:
        finding = look(Place("router", server.url), steps=steps, cleanup=[])
    assert finding.ok, finding.said


def test_a_kept_value_that_breaks_a_header_is_not_shown() -> None:
    steps = [
        {"name": "log in", "path": "/", "keep": {"token": "token"}},
        {"name": "use", "path": "/", "headers": {"Authorization": "{token}"}},
    ]
    with HttpServer(lambda _seen: Reply(body={"token": "hunter2\r\nX: y"})) as server:
        finding = look(Place("router", server.url), steps=steps, cleanup=[])
    assert finding.symptom == "use not http"
    assert "hunter2" not in finding.said


def test_other_braces_mean_nothing() -> None:
    body = {"text": "{0} {} {a.b} {{unique}} }{", "n": 1, "list": ["{unique}"], "none": None}
    with HttpServer(lambda seen: Reply(body=seen.json())) as server:
        made = signal("smoke", steps=[{"name": "say", "method": "POST", "path": "/", "body": body}])
        assert made.observe(Place("router", server.url)).ok
        sent = json.loads(server.seen[0].body)
    unique = sent["list"][0]
    assert sent == {"text": f"{{0}} {{}} {{a.b}} {{{unique}}} }}{{", "n": 1, "list": [unique], "none": None}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"steps": []}, "at least 1 item"),
        ({"steps": [{"name": "a", "path": "/{token}"}]}, "'a' uses {token}, which no step before it keeps"),
        ({"steps": [{"name": "a", "path": "/", "body": {"x": ["{t}"]}}]}, "'a' uses {t}"),
        ({"steps": [{"name": "a", "path": "/{t}", "keep": {"t": "t"}}]}, "'a' uses {t}"),
        ({"steps": [{"name": "a", "path": "/", "keep": {"unique": "t"}}]}, "cannot keep a value as 'unique'"),
        ({"steps": [{"name": "a", "path": "/", "keep": {"T": "t"}}]}, "cannot keep a value as 'T'"),
        ({"steps": [{"name": "a", "path": "/", "extra": 1}]}, "extra_forbidden"),
    ],
)
def test_bad_settings_raise(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why.replace("{", r"\{")):
        signal("smoke", **settings)


def test_the_password_is_never_shown() -> None:
    made = signal("smoke", steps=STEPS)
    assert PASSWORD not in repr(made) + made.model_dump_json()
