"""`host_resources`: how much of a host's CPU, memory or disk is in use."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, SerializeAsAny

from blocks import host_usage
from blocks.adapter import chosen_from
from blocks.fields import AbsolutePath
from blocks.growth import FIRST_S, EarlierReading
from blocks.host_usage import CpuTime
from blocks.hosts.contract import Host
from blocks.hosts.local import Local
from blocks.measured import Measured
from blocks.signals.contract import Place
from domain.errors import BackoutError
from domain.findings import Finding

GIB = 1024**3


class HostResources(Measured):
    """Looks at one host, whatever place is asked for: that of Backout itself, unless `host` names another.

    CPU is measured between two looks; the first one takes `first_s` for it.
    """

    kind: Literal["host_resources"] = "host_resources"
    measure: Literal["cpu", "memory", "disk"] = Field(description="What is measured, in percent.")
    host: Annotated[SerializeAsAny[Host], chosen_from("hosts")] = Field(
        default_factory=Local, description="The machine; by default the one that Backout runs on."
    )
    path: AbsolutePath = Field(default=Path("/"), description="For `disk`: a path on the disk that is meant.")
    first_s: float = Field(
        default=FIRST_S, gt=0, le=10, description="For `cpu`: seconds that the first look measures."
    )
    timeout_s: float = Field(
        default=5.0, gt=0, le=60, description="Seconds for each command on another machine."
    )
    _earlier: EarlierReading[CpuTime] = PrivateAttr(default_factory=EarlierReading)

    def observe(self, place: Place) -> Finding:
        """Look once. No data where the host does not answer, the path is not there, or the clock stood still."""
        try:
            if self.measure == "cpu":
                return self._cpu(place)
            return self._memory(place) if self.measure == "memory" else self._disk(place)
        except BackoutError as error:
            return self.no_data(place, " ".join(error.what().split()))
        except OSError as error:
            return self.no_data(place, f"{self.path}: {error.strerror}")

    def _cpu(self, place: Place) -> Finding:
        before, now = self._earlier.until_now(
            lambda: host_usage.cpu_time(self.host, self.timeout_s),
            lambda earlier, later: later.total > earlier.total,
            self.first_s,
        )
        if now.total <= before.total:
            return self.no_data(place, "the CPU's counters did not move")
        share = 100 * max(0.0, now.busy - before.busy) / (now.total - before.total)
        return self.held(place, f"{self._of('the CPU')} is {share:.1f} % busy", share, "%", "cpu high")

    def _memory(self, place: Place) -> Finding:
        seen = host_usage.memory(self.host, self.timeout_s)
        said = (
            f"{seen.percent:.1f} % of {(seen.used + seen.free) / GIB:.1f} GiB of {self._of('memory')} in use"
        )
        return self.held(place, said, seen.percent, "%", "memory high")

    def _disk(self, place: Place) -> Finding:
        seen = host_usage.disk(self.host, self.path, self.timeout_s)
        said = f"{self._of(f'the disk of {self.path}')} is {seen.percent:.1f} % full, {seen.free / GIB:.1f} GiB are free"
        return self.held(place, said, seen.percent, "%", f"disk of {self.path} full")

    def _of(self, what: str) -> str:
        """With the machine's name, where it is another one."""
        return what if isinstance(self.host, Local) else f"{what} on {self.host.named}"
