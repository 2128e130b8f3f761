"""What both routers of nginx share: the host it runs on, its commands, compare-and-set, and what `doctor` asks."""

import shlex
import time
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, SerializeAsAny

from blocks.adapter import chosen_from
from blocks.fields import AbsolutePath
from blocks.hosts.contract import Host
from blocks.hosts.local import Local
from blocks.routers.contract import (
    WHOLE,
    Receipt,
    Route,
    WeightedRouter,
    changed_since,
    in_words,
    shared_out,
    upstream_of,
)
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, CommandFailed, UnknownRemedy, Unreachable

LOCK_TIMEOUT_S = 30.0
LOOK_AGAIN_S = 0.05
RELOAD = "reload"
SOURCE = 'NotesHub "Immediate Rollback" 1'
WORKER, ENDING = "worker process", "shutting down"
"""How nginx calls its processes, as `ps` shows them."""

Command = Annotated[list[str], Field(min_length=1)]


class NginxRouter(WeightedRouter):
    """An nginx on a host. What a switch is, and where it is written, each kind says."""

    host: Annotated[SerializeAsAny[Host], chosen_from("hosts")] = Field(
        default=Local(), description="The machine nginx runs on."
    )
    test_command: Command = Field(
        default=["nginx", "-t"], description="Tests nginx's configuration, e.g. `[sudo, nginx, -t]`."
    )
    reload_command: Command = Field(
        default=["nginx", "-s", "reload"],
        description="Makes nginx load its configuration, e.g. `[sudo, systemctl, reload, nginx]`.",
    )
    pid_file: AbsolutePath = Field(
        default=Path("/run/nginx.pid"), description="Holds the pid of nginx's master."
    )
    timeout_s: float = Field(
        default=15.0, gt=0, description="Seconds for each command, and for new workers to come."
    )

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Give the slot all traffic, as the contract says."""
        upstream_of(slot, upstreams)
        return self._move({slot: WHOLE}, upstreams, expected)

    def share(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Share the traffic out, as the contract says."""
        return self._move(shared_out(shares, upstreams, self.grain), upstreams, expected)

    @property
    @abstractmethod
    def _place(self) -> Path:
        """What a switch changes: the link, or the file."""

    @abstractmethod
    def _set(self, shares: Mapping[str, int], upstreams: Mapping[str, str]) -> str:
        """Make it so, and return what it cost. Called under the lock, after the comparison."""

    def _settled(self) -> bool:
        """Whether no switch was cut off half-way."""
        return True

    def _move(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        with self.host.locked(self._place.with_name(f".{self._place.name}.lock"), LOCK_TIMEOUT_S):
            found = self.active(upstreams)
            after = in_words(shares)
            if found.served == shares and self._settled():
                return Receipt(changed=False, before=after, after=after)
            if found.stamp != expected.stamp:
                raise changed_since(str(self._place), expected, found)
            cost = self._set(shares, upstreams)
            return Receipt(changed=True, before=found.slot, after=after, cost=cost)

    def _test(self) -> str:
        return self.host.check(self.test_command, timeout_s=self.timeout_s)

    def _reload(self) -> None:
        """Reload, and return when the old workers take no new connection any more.

        Raises:
            CommandFailed: the command failed; or nginx goes on with its old workers, which its error log explains.
            Unreachable: nginx does not run, or the host does not answer.
        """
        before = self._workers()
        self.host.check(self.reload_command, timeout_s=self.timeout_s)
        deadline = time.monotonic() + self.timeout_s
        while not _replaced(before, self._workers()):
            if time.monotonic() > deadline:
                said = "nginx goes on with its old workers; its error log says why"
                raise CommandFailed(argv=self.reload_command, exit_code_seen=None, output=said)
            time.sleep(LOOK_AGAIN_S)

    def _workers(self) -> dict[int, bool]:
        """Pid -> whether it is shutting down, of each worker. Raises Unreachable where nginx does not run."""
        argv = ["ps", "--ppid", self._master(), "-o", "pid=,args="]
        lines = self.host.run(argv, timeout_s=self.timeout_s).output.splitlines()
        children = [line.strip().partition(" ") for line in lines]
        found = {int(pid): ENDING in title for pid, _, title in children if WORKER in title}
        if not found:
            raise self._unreachable(
                "nginx", self.pid_file, "it is down: the process that the file names has no workers"
            )
        return found

    def _master(self) -> str:
        content = self.host.read(self.pid_file)
        pid = (content or b"").decode(errors="replace").strip()
        if not pid.isdigit():
            raise self._unreachable(
                "nginx", self.pid_file, "it holds no pid: nginx is down, or `pid_file` is wrong"
            )
        return pid

    def _unreachable(self, what_it_is: str, path: Path, why: str) -> Unreachable:
        return Unreachable(what_it_is=what_it_is, address=f"{path} on {self.host.named}", why=why)

    def examine(self) -> list[Checkup]:
        """The host; then nginx's configuration, nginx itself, and what a switch changes."""
        host = self.host.examine()
        if any(checkup.bad for checkup in host):
            return host
        return [*host, self._examine_test(), self._examine_workers(), *self._examine_place()]

    @abstractmethod
    def _examine_place(self) -> list[Checkup]:
        """The state of the links, or of the file. Never raises."""

    def mend(self, remedy: str) -> str:
        """`reload`: test the configuration, and load it where it is good."""
        if remedy != RELOAD:
            raise UnknownRemedy(adapter=self.kind, remedy=remedy)
        self._test()
        self._reload()
        return f"nginx on {self.host.named} loaded its configuration; its workers are new"

    def _examine_test(self) -> Checkup:
        try:
            self._test()
        except BackoutError as error:
            return self._wrong(
                "nginx configuration", error.what(), Remedy(command=shlex.join(self.test_command))
            )
        return self._well("nginx configuration", "it tests well")

    def _examine_workers(self) -> Checkup:
        try:
            serving = [pid for pid, ending in self._workers().items() if not ending]
        except BackoutError as error:
            return self._wrong("nginx", error.what(), Remedy(command="sudo systemctl start nginx"))
        return self._well("nginx", f"it runs, workers: {len(serving)}")

    def _well(self, name: str, said: str) -> Checkup:
        return well(name, self.host.named, said, source=SOURCE)

    def _wrong(self, name: str, said: str, *remedies: Remedy) -> Checkup:
        return wrong(name, self.host.named, said, *remedies, source=SOURCE)

    @property
    def _remedy(self) -> Remedy:
        return Remedy(
            name=RELOAD, command=f"{shlex.join(self.test_command)} && {shlex.join(self.reload_command)}"
        )


def _replaced(before: Mapping[int, bool], now: Mapping[int, bool]) -> bool:
    """Whether there are new workers, and the old ones have stopped to listen."""
    came = any(pid not in before for pid, ending in now.items() if not ending)
    return came and all(ending for pid, ending in now.items() if pid in before)
