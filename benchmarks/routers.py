"""Requests lost at a switch, for each router and each way of switching it, under keep-alive load.

Five proxies, each with the router as a rollback uses it, and the same two slots behind them. They run in turn, a few
switches each time. nginx must be installed (Debian: `nginx-light`); nobody needs to be root.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.proxies import CaddyfileProxy, NginxProxy
from benchmarks.record import Recording
from benchmarks.ways import SLOTS, Server, Way, run_in_turn, slots, slots_on_sockets
from blocks.nginx_upstreams import socket_path
from blocks.routers.caddy_admin import CaddyAdmin
from blocks.routers.caddy_file import CaddyFile
from blocks.routers.caddy_reload import CaddyReload
from blocks.routers.contract import Router
from blocks.routers.nginx_socket import NginxSocket
from blocks.routers.nginx_upstream import NginxUpstream
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy

TEN = 10


def measure(switches: int, requests: int) -> Recording:
    """Switch `switches` times with each router, under at least `requests` requests each."""
    recording = Recording("routers")
    with tempfile.TemporaryDirectory(prefix="routers-") as name:
        folder = Path(name)
        with slots(folder / "ports") as dials, slots_on_sockets(folder / "sockets") as sockets:
            ways = [
                _caddy_file(folder, dials),
                _caddy_admin(folder, dials),
                _caddy_reload(folder, dials),
                _nginx_socket(folder, sockets),
                _nginx_upstream(folder, dials),
            ]
            run_in_turn(ways, recording, switches, requests)
    recording.figures = _figures(ways)
    return recording


def _way(router: Router, proxy: Server, dials: Mapping[str, str]) -> Way:
    return Way(router.kind, proxy, lambda slot: router.switch(slot, dials, router.active(dials)))


def _caddy_file(folder: Path, dials: Mapping[str, str]) -> Way:
    active = folder / "active"
    active.write_text(dials[SLOTS[0]])
    proxy = Proxy(folder / "caddy_file", free_ports(1)[0], f"{{file.{active}}}")
    return _way(CaddyFile(file=active, address=proxy.address), proxy, dials)


def _caddy_admin(folder: Path, dials: Mapping[str, str]) -> Way:
    proxy = Proxy(folder / "caddy_admin", free_ports(1)[0], dials[SLOTS[0]])
    admin = f"unix/{proxy.admin_socket}"
    return _way(CaddyAdmin(address=proxy.address, admin=admin, id="application"), proxy, dials)


def _caddy_reload(folder: Path, dials: Mapping[str, str]) -> Way:
    proxy = CaddyfileProxy(folder / "caddy_reload", free_ports(1)[0], dials[SLOTS[0]])
    admin = f"unix/{proxy.admin_socket}"
    router = CaddyReload(address=proxy.address, admin=admin, caddyfile=proxy.configuration_file)
    return _way(router, proxy, dials)


def _nginx_socket(folder: Path, dials: Mapping[str, str]) -> Way:
    proxy = NginxProxy(folder / "nginx_socket")
    link, first = proxy.run / "active", proxy.run / "first"
    first.mkdir(parents=True)
    for number in range(TEN):
        (first / f"{number}.sock").symlink_to(str(socket_path(dials[SLOTS[0]])))
    link.symlink_to(first.name)
    lines = [f"server unix:{link}/{number}.sock max_fails=0;" for number in range(TEN)]
    proxy.upstream = f"upstream shop {{ {' '.join(lines)} }}"
    router = NginxSocket(address=proxy.address, link=link, pid_file=proxy.pid_file)
    return _way(router, proxy, dials)


def _nginx_upstream(folder: Path, dials: Mapping[str, str]) -> Way:
    file = folder / "shop.conf"
    file.write_text(f"upstream shop {{ server {dials[SLOTS[0]]}; }}\n")
    proxy = NginxProxy(folder / "nginx_upstream")
    proxy.upstream = f"include {file};"
    router = NginxUpstream(
        address=proxy.address,
        file=file,
        upstream="shop",
        pid_file=proxy.pid_file,
        test_command=proxy.command("-t"),
        reload_command=proxy.command("-s", "reload"),
    )
    return _way(router, proxy, dials)


def _figures(ways: list[Way]) -> dict[str, float]:
    lost = {f"lost_{way.name}": float(way.lost.total()) for way in ways}
    requests = {f"requests_{way.name}": float(way.requests) for way in ways}
    return {**lost, **requests, "switches": min(way.switches for way in ways)}


def main() -> None:
    """Measure, write the results, print the figures."""
    parser = argparse.ArgumentParser(description="requests lost at a switch, for each router")
    parser.add_argument("--switches", type=int, default=20)
    parser.add_argument("--requests", type=int, default=8_000, help="at least, each way")
    arguments = parser.parse_args()
    recording = measure(arguments.switches, arguments.requests)
    bars = {
        name.removeprefix("lost_"): number
        for name, number in recording.figures.items()
        if name.startswith("lost_")
    }
    print(recording.write(bars, "requests lost"), recording.figures)


if __name__ == "__main__":
    main()
