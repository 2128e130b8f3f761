"""A real Caddy in a container on the host's network, so that it reaches the tests' slots on loopback."""

import secrets
import socket
from pathlib import Path
from typing import Any

from blocks.home import socket_folder
from examples.demo.ports import free_ports
from tests.blocks.caddy import PROGRAM
from tests.blocks.waiting import wait_until

WGET = """\
#!/usr/bin/python3 -I
# The test image has neither wget nor curl: this is `wget -q -T SECONDS -O - URL`.
import sys
from urllib.request import urlopen

sys.stdout.buffer.write(urlopen(sys.argv[-1], timeout=float(sys.argv[3])).read())
"""


class CaddyContainer:
    """Its configuration lies in `folder`, which is `/etc/caddy` inside; its socket's folder is `/run/caddy`."""

    def __init__(self, client: Any, image: str, folder: Path, *, whole_folder: bool) -> None:
        folder.mkdir(exist_ok=True)
        self._client, self._image, self._whole = client, image, whole_folder
        self.folder = folder
        self.name = f"backout-f1-caddy-{secrets.token_hex(3)}"
        self.port, self.admin_port = free_ports(2)
        self._sockets = socket_folder(folder / "run")
        self._sockets.mkdir(mode=0o711, exist_ok=True)
        (folder / "wget").write_text(WGET)
        (folder / "wget").chmod(0o755)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin(self) -> str:
        """The admin socket on this host."""
        return f"unix/{self._sockets}/admin.sock"

    def run(self, file: Path) -> None:
        """Make the container and start it, until it accepts connections."""
        configuration = self.folder if self._whole else file
        seen = "/etc/caddy" if self._whole else f"/etc/caddy/{file.name}"
        adapter = ["--adapter", "caddyfile"] if file.suffix != ".json" else []
        self._client.containers.run(
            self._image,
            ["caddy", "run", "--config", f"/etc/caddy/{file.name}", *adapter],
            name=self.name,
            detach=True,
            init=True,
            network_mode="host",
            volumes=[
                f"{PROGRAM}:/usr/bin/caddy:ro",
                f"{self.folder / 'wget'}:/usr/bin/wget:ro",
                f"{configuration}:{seen}",
                f"{self._sockets}:/run/caddy",
            ],
        )
        wait_until(self._listens, "Caddy in its container")

    def start(self) -> None:
        """Start it again; a no-op where it runs."""
        self._client.api.start(self.name)
        wait_until(self._listens, "Caddy in its container")

    def stop(self) -> None:
        """End it; the container stays."""
        self._client.api.kill(self.name)
        wait_until(
            lambda: not self._client.api.inspect_container(self.name)["State"]["Running"], "Caddy's end"
        )

    def remove(self) -> None:
        """Take all of it away."""
        self._client.api.remove_container(self.name, force=True)
        for file in self._sockets.iterdir():
            file.unlink()
        self._sockets.rmdir()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
