"""The files that supervisord, nginx and Backout run from, for one stack."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from examples.noteshub.stack import Stack

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
DEFAULT_FOLDER = "/srv/noteshub"
PROGRAMS_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
"""Debian keeps nginx where an ordinary user does not look."""

SUPERVISORD = """\
[supervisord]
logfile={folder}/log/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}/log

[unix_http_server]
file={run}/supervisor.sock
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{run}/supervisor.sock
"""
PROGRAM = """
[program:noteshub-{name}]
command={python} -m examples.noteshub.{module}
directory={checkout}
environment={environment}
redirect_stderr=true
stdout_logfile={folder}/log/{name}.log
autostart=false
autorestart=unexpected
startsecs=1
startretries=3
stopwaitsecs=10
"""
NGINX = """\
{user}
pid {folder}/nginx.pid;
error_log {folder}/log/nginx.log;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx/body;
    proxy_temp_path {folder}/nginx/proxy;
    fastcgi_temp_path {folder}/nginx/fastcgi;
    uwsgi_temp_path {folder}/nginx/uwsgi;
    scgi_temp_path {folder}/nginx/scgi;
    # Ten doors of 10 % each: what is behind a door is a link, and Backout renames the folder that holds the links.
    upstream noteshub {{
{servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://noteshub;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
    }}
}}
"""


def supervisord(stack: Stack) -> str:
    """Three slots, a worker and a frontend."""
    sections = [
        _program(stack, slot, f"application --release {stack.slot_link(slot)} --port {stack.ports[slot]}"
                              f" --socket {stack.run}/{slot}.sock", SLOT=slot)
        for slot in stack.slots
    ]  # fmt: skip
    sections.append(_program(stack, "worker", "worker"))
    sections.append(_program(stack, "frontend", f"frontend --port {stack.ports['frontend']}"))
    return SUPERVISORD.format(folder=stack.folder, run=stack.run) + "".join(sections)


def nginx(stack: Stack) -> str:
    """A site whose upstream is behind links."""
    servers = "\n".join(
        f"        server unix:{stack.run}/active/{number}.sock max_fails=0;" for number in range(10)
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return NGINX.format(folder=stack.folder, servers=servers, port=stack.ports["public"], user=user)


def nginx_command(folder: Path, *arguments: str) -> list[str]:
    """The stack's own nginx. Raises FileNotFoundError where none is installed."""
    program = shutil.which("nginx", path=PROGRAMS_PATH)
    if program is None:
        raise FileNotFoundError("nginx is not installed: `apt-get install nginx-light`")
    log = str(folder / "log" / "nginx.log")
    return [program, "-p", str(folder), "-e", log, "-c", str(folder / "nginx.conf"), *arguments]


def backout(stack: Stack) -> str:
    """The `backout.yaml` beside this file, with the stack's folder and ports."""
    text = (HERE / "backout.yaml").read_text()
    text = text.replace(f"{DEFAULT_FOLDER}/run", str(stack.run)).replace(DEFAULT_FOLDER, str(stack.folder))
    for name, port in stack.default_ports.items():
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{stack.ports[name]}")
    return text.replace("[nginx,", f"[{nginx_command(stack.folder)[0]},")


def _program(stack: Stack, name: str, module: str, **more: str) -> str:
    variables = {
        "DATABASE_URL": stack.database_url,
        "ENVIRONMENT_FILE": str(stack.environment_file),
        "UPLOADS": str(stack.folder / "uploads" / "notes"),
        "CACHE": str(stack.folder / "cache"),
        **more,
    }
    # supervisord reads % as the beginning of a variable of its own.
    environment = ",".join(f'{key}="{value}"' for key, value in variables.items()).replace("%", "%%")
    return PROGRAM.format(
        name=name,
        module=module,
        python=sys.executable,
        checkout=CHECKOUT,
        folder=stack.folder,
        environment=environment,
    )
