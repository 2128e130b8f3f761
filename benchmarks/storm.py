"""A storm of alerts: two hundred in a second. How long the slowest answer takes, and whether any alert is lost."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from benchmarks.alerting import Alarm
from benchmarks.record import Recording
from benchmarks.scene import NEW_SLOT, Scene, scene
from benchmarks.shops import Shop, shops
from deployments.events import ALERT_FIRING
from examples.demo.waiting import wait_until

ALERTS = 200
OVER_S = 1.0
APPLICATIONS = 20
POSTERS = 40


def measure(alerts: int) -> Recording:
    """So many alerts of so many applications, evenly spread over a second; each must become one event in Prefect."""
    recording = Recording("storm")
    with scene() as here, shops(here, APPLICATIONS) as fleet, Alarm(here.here.home) as alarm:
        for shop in fleet:
            shop.release(NEW_SLOT)
        recording.samples = _storm(alarm, fleet, alerts)
        accepted = sum(sample["status"] == httpx.codes.ACCEPTED for sample in recording.samples)
        wait_until(lambda: _events(here) >= accepted, f"{accepted} events", 120)
        recording.figures = {
            "alerts": alerts,
            "refused": alerts - accepted,
            "lost": accepted - _events(here),
            "slowest_answer_s": round(max(sample["seconds"] for sample in recording.samples), 3),
        }
    return recording


def _storm(alarm: Alarm, fleet: list[Shop], alerts: int) -> list[dict[str, float]]:
    """Each answer: its status and its seconds, counted from the moment that it was due, so that waiting in line counts."""
    begun = time.monotonic()

    def post(number: int) -> dict[str, float]:
        due = begun + OVER_S * number / alerts
        time.sleep(max(0.0, due - time.monotonic()))
        status = _status(alarm, fleet[number % len(fleet)])
        return {"status": status, "seconds": time.monotonic() - due}

    with ThreadPoolExecutor(POSTERS) as pool:
        return list(pool.map(post, range(alerts)))


def _status(alarm: Alarm, shop: Shop) -> int:
    try:
        alarm.post(shop.name)
    except httpx.HTTPStatusError as error:
        return error.response.status_code
    return httpx.codes.ACCEPTED


def _events(here: Scene) -> int:
    return here.api.count_events(ALERT_FIRING)


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="alerts that are answered, and lost, in a storm")
    parser.add_argument("--alerts", type=int, default=ALERTS)
    recording = measure(parser.parse_args().alerts)
    bars = {"slowest answer": recording.figures["slowest_answer_s"]}
    file = recording.write(bars, "seconds")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
