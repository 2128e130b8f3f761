"""FlappyJournal's staging: a release is built and tested there before production gets it, as `deploy-blue-green.sh staging-only` does."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx

from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import COMPOSE_S, STAGING, Stack

RESULTS = "cypress-results-staging.json"
"""Below the stack's folder; the runbook's own name. Here a few requests stand for Cypress."""

PATHS = {
    "health": "/api/health",
    "sign-in": "/api/auth/health",
    "first page": "/",
    "page again": "/",
    "once more": "/",
}
WAIT_S = 30.0


def stage(stack: Stack, version: Version, wait_s: float = WAIT_S) -> list[str]:
    """Build the release, start it on staging, test it there and write the results; the names of the tests that failed.

    Args:
        stack: a stack that stands; production is not touched.
        version: what is built.
        wait_s: how long it has to come up; then its tests fail.
    """
    stack.build(version)
    (stack.folder / RESULTS).unlink(missing_ok=True)  # the release before passed or failed, not this one
    stack.settings.keep(STAGING_VERSION=version.name)
    stack.project.run("--profile", "staging", "up", "--detach", "--no-deps", STAGING, timeout_s=COMPOSE_S)
    address = f"http://127.0.0.1:{stack.settings.port('STAGING')}"
    _wait(address, wait_s)
    failed = [name for name, path in PATHS.items() if not _answers(address + path)]
    write_results(stack.folder, failed)
    return failed


def write_results(folder: Path, failed: list[str]) -> None:
    """As Cypress' JSON reporter does, in short."""
    stats = {"tests": len(PATHS), "passes": len(PATHS) - len(failed), "failures": len(failed)}
    found = {"stats": stats, "failures": [{"title": name} for name in failed]}
    (folder / RESULTS).write_text(json.dumps(found, indent=1))


def _wait(address: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _answers(f"{address}/api/health") and time.monotonic() < deadline:
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=3.0, trust_env=False).is_success
    except httpx.TransportError:
        return False
