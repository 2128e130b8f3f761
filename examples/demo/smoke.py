"""The smoke test in the demo's `backout.yaml`: a person's way through the journal, who is removed again."""

from __future__ import annotations

from typing import Any

_SESSION = {"Authorization": "Bearer {token}"}
_ENTRY = {"title": "Smoke test {unique}", "body": "Written by a check, removed with its account."}
_PERSON = {"email": "smoke-{unique}@example.test", "password": "smoke-{unique}"}


def smoke() -> dict[str, Any]:
    """The signal `smoke`: register, log in, write, read back, chat; the account is removed whatever happens."""
    return {
        "kind": "smoke",
        "name": "smoke",
        "steps": [
            _step("register", "POST", "/api/auth/register", _PERSON, status=201),
            {**_step("log in", "POST", "/api/auth/login", _PERSON), "keep": {"token": "token"}},
            {**_with_session("write", "POST", "/api/journal", _ENTRY, status=201), "keep": {"entry": "id"}},
            _with_session("read", "GET", "/api/journal/{entry}"),
            _with_session("chat", "POST", "/api/chat", {"message": "hello"}),
        ],
        "cleanup": [_with_session("remove the account", "DELETE", "/api/users/me", status=204)],
    }


def _step(
    name: str, method: str, path: str, body: dict[str, str] | None = None, status: int = 200
) -> dict[str, Any]:
    step: dict[str, Any] = {"name": name, "method": method, "path": path, "expect": {"status": status}}
    return step if body is None else {**step, "body": dict(body)}


def _with_session(
    name: str, method: str, path: str, body: dict[str, str] | None = None, status: int = 200
) -> dict[str, Any]:
    return {**_step(name, method, path, body, status), "headers": dict(_SESSION)}
