"""Proxies beside the demo's Caddy: one that runs from a Caddyfile, and nginx."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from blocks import process
from blocks.home import socket_folder
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy
from examples.demo.waiting import wait_until_listening

STOP_SECONDS = 10.0
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"

CADDYFILE = """\
{{
\tadmin unix/{admin}|0600
\tauto_https off
\tpersist_config off
}}

http://127.0.0.1:{port} {{
\treverse_proxy {upstream}
}}
"""

NGINX = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {upstream}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://shop;
            proxy_http_version 1.1;
            proxy_set_header Connection close;
        }}
    }}
}}
"""


class CaddyfileProxy(Proxy):
    """The same Caddy, as people configure it: `caddy reload` reads its Caddyfile."""

    @property
    def configuration_file(self) -> Path:
        """Caddy knows the format by the name."""
        return self.folder / "Caddyfile"

    def write_configuration(self, *upstreams: str) -> Path:
        """Write the Caddyfile for these upstreams."""
        text = CADDYFILE.format(admin=self.admin_socket, port=self.port, upstream=" ".join(upstreams))
        self.configuration_file.write_text(text)
        return self.configuration_file


class NginxProxy:
    """One nginx, run from one configuration. Needs no root.

    Attributes:
        upstream: what stands in `http`, set before it is started: a block `upstream shop { ... }`, or an include.
        run: where its links lie: paths of sockets are short.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.upstream = ""
        [self.port] = free_ports(1)
        self.run = socket_folder(folder / "run")
        self.run.mkdir(mode=0o700, exist_ok=True)
        self._process: process.Process | None = None

    @property
    def address(self) -> str:
        """Where clients reach the application."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid_file(self) -> Path:
        """As the configuration says."""
        return self.folder / "nginx.pid"

    @property
    def configuration(self) -> Path:
        """The file it runs from."""
        return self.folder / "nginx.conf"

    def command(self, *arguments: str) -> list[str]:
        """`nginx` with these arguments, for this very one."""
        program = shutil.which("nginx", path=PATH) or "nginx"
        errors = str(self.folder / "error.log")
        return [program, "-p", str(self.folder), "-e", errors, "-c", str(self.configuration), *arguments]

    def start(self) -> None:
        """Write the configuration, start nginx, wait until it listens. Raises CommandFailed, TimeoutError."""
        # As root the workers would else be another user, who may not pass through our folders.
        user = "user root;" if os.geteuid() == 0 else ""
        text = NGINX.format(user=user, folder=self.folder, port=self.port, upstream=self.upstream)
        self.configuration.write_text(text)
        log = self.folder / "nginx.log"
        self._process = process.start(self.command(), cwd=self.folder, env={"PATH": PATH}, log=log)
        wait_until_listening(self.port, "nginx")

    def terminate(self) -> None:
        """End it, and leave its files."""
        # nginx writes its title over its environment, where a mark would be looked for.
        process.stop(self._process, f"no mark {self.folder}", STOP_SECONDS)

    def stop(self) -> None:
        """End it, and remove its links."""
        self.terminate()
        shutil.rmtree(self.run, ignore_errors=True)
