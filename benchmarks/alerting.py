"""Alerts as a monitoring system posts them to the gateway of a running `backout serve`."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any, Self

import httpx

from benchmarks.shops import Shop
from blocks.home import Home
from blocks.installation import serving
from examples.demo.waiting import wait_until

EVERY_ALERT_COUNTS: dict[str, Any] = {"cool_down_s": 0, "per_day": 10_000}
"""`alerts` of an application whose every alert may start a run."""

ISSUE = "service-outage"
"""Critical in every preset: nobody is asked."""


class Alarm:
    """Posts to `/alerts/generic`, with the token of this host's `serve`."""

    def __init__(self, home: Home) -> None:
        found = serving(home)
        if found is None or not found["api_url"]:
            raise RuntimeError(f"no `backout serve` with an API runs on {home.root}")
        token = Path(found["api_token_file"]).read_text().strip()
        self._client = httpx.Client(
            base_url=found["api_url"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
            limits=httpx.Limits(max_connections=50),
        )

    def post(self, application: str, **more: Any) -> float:
        """One alert that was never sent before; when it was posted, seconds since the epoch. Raises httpx.HTTPError."""
        body = {
            "name": "ServiceDown",
            "application": application,
            "issue": ISSUE,
            "summary": "benchmark",
            "fingerprint": secrets.token_hex(8),
            **more,
        }
        posted = time.time()
        self._client.post("/alerts/generic", json=body).raise_for_status()
        return posted

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()


def until_switched(shop: Shop, posted: float, patience_s: float = 120) -> float:
    """Seconds from the alert to the traffic on the old release. Raises TimeoutError."""
    wait_until(lambda: shop.switched_at() < float("inf"), f"{shop.name} to go back", patience_s)
    return shop.switched_at() - posted
