"""Caddy in a container: its program runs there, its file is this host's."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks.caddy_api import CaddyApi, Part
from blocks.containers import inside, mounts
from blocks.containers.container import Container
from blocks.fields import UNIX
from domain.errors import CommandFailed, ConfigurationError, Unreachable


@dataclass(frozen=True)
class CaddyInContainer:
    """What `CaddyCommands` promises.

    Attributes:
        name: the container's.
        admin: `unix//PATH`, a socket on this host that is mounted, which is asked from here; or `HOST:PORT` as it is
            inside, which is asked there with `wget` or `curl`: Caddy's usual admin API listens on the container's own
            loopback.
    """

    name: str
    admin: str
    timeout_s: float

    def adapt(self, file: Path) -> Any:
        seen = self._inside(file)
        printed = self._run("caddy", "adapt", "--adapter", "caddyfile", "--config", seen)
        return json.loads(printed)

    def reload(self, file: Path) -> None:
        self._run(*self._reload(self._inside(file)))

    def running(self) -> Part:
        if self.admin.startswith(UNIX):
            return CaddyApi(self.admin, self.timeout_s).get("/config/")
        body = self._asked_inside(f"http://{self.admin}/config/")
        return Part(json.loads(body), hashlib.sha256(body).hexdigest()[:16])

    def put(self, file: Path, data: bytes) -> None:
        mounts.put(self._container, file, data)

    def sees_beside(self, file: Path) -> bool:
        return not mounts.is_single_file(self._container, file)

    def by_hand(self, file: Path) -> list[str]:
        return ["docker", "exec", self.name, *self._reload(self._inside(file))]

    @property
    def _container(self) -> Container:
        return inside.found(self.name)

    def _inside(self, path: Path) -> str:
        return str(mounts.path_inside(self._container, path, "caddyfile"))

    def _reload(self, file: str) -> list[str]:
        return ["caddy", "reload", "--adapter", "caddyfile", "--config", file, "--address", self._address()]

    def _address(self) -> str:
        """The admin API's, as it is called inside."""
        if not self.admin.startswith(UNIX):
            return self.admin
        socket = Path(self.admin.removeprefix(UNIX))
        return f"{UNIX}{mounts.path_inside(self._container, socket, 'admin')}"

    def _asked_inside(self, url: str) -> bytes:
        wait = str(max(1, round(self.timeout_s)))
        programs = (["wget", "-q", "-T", wait, "-O", "-", url], ["curl", "-sSf", "-m", wait, url])
        for argv in programs:
            try:
                return self._run(*argv)
            except CommandFailed as error:
                if not inside.is_missing(error):
                    raise Unreachable("Caddy's admin API", f"{url} in {self.name}", error.what()) from error
        raise ConfigurationError(
            file=f"container {self.name}",
            key="admin",
            problem="cannot be asked inside, where there is neither wget nor curl: give Caddy an admin socket on a folder"
            " that is mounted, and name it here",
        )

    def _run(self, *argv: str) -> bytes:
        return inside.run(self.name, argv, self.timeout_s)
