"""Many applications that go bad at the same moment: the slowest of twenty beside one alone, from alert to old release."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from benchmarks.alerting import EVERY_ALERT_COUNTS, Alarm, until_switched
from benchmarks.record import Recording
from benchmarks.scene import NEW_SLOT, Scene, scene
from benchmarks.shops import Shop, shops

ROUNDS = 5
MANY = 20
POSTERS = 20


def measure(rounds: int, many: int) -> Recording:
    """One alone and all of them in turn; the figures are medians over the rounds, in seconds."""
    recording = Recording("fleet")
    with (
        scene() as here,
        shops(here, many, alerts=EVERY_ALERT_COUNTS) as fleet,
        Alarm(here.here.home) as alarm,
    ):
        for number in range(rounds):
            for bad in (fleet[:1], fleet):
                took = _slowest(here, alarm, bad)
                recording.samples.append({"round": number, "applications": len(bad), "slowest": took})
    one, twenty = (_median(recording, count) for count in (1, many))
    recording.figures = {"one_s": one, "twenty_s": twenty, "ratio": round(twenty / one, 2)}
    return recording


def _slowest(here: Scene, alarm: Alarm, bad: list[Shop]) -> float:
    """Seconds from its alert until the last of these applications has its old release back."""
    here.wait_until_quiet()
    for shop in bad:
        shop.release(NEW_SLOT)
    with ThreadPoolExecutor(POSTERS) as pool:
        posted = list(pool.map(lambda shop: alarm.post(shop.name), bad))
    return max(until_switched(shop, when) for shop, when in zip(bad, posted, strict=True))


def _median(recording: Recording, applications: int) -> float:
    own = [float(sample["slowest"]) for sample in recording.samples if sample["applications"] == applications]
    return round(median(own), 3)


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="seconds until the slowest of many applications is back")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--applications", type=int, default=MANY)
    given = parser.parse_args()
    recording = measure(given.rounds, given.applications)
    bars = {"one alone": recording.figures["one_s"], "the slowest of all": recording.figures["twenty_s"]}
    file = recording.write(bars, "seconds from the alert to the old release, median")
    print(file, recording.figures)


if __name__ == "__main__":
    main()
