"""The benchmark of the routers, small: the two that promise to lose nothing do not."""

from benchmarks.routers import measure
from tests.blocks.nginx import require_nginx

ROUTERS = ("caddy_file", "caddy_admin", "caddy_reload", "nginx_socket", "nginx_upstream")


def test_each_router_switches_as_often_under_as_much_load() -> None:
    require_nginx()
    recording = measure(switches=2, requests=200)
    figures = recording.figures
    assert figures["switches"] == 2
    assert [figures[f"requests_{router}"] >= 200 for router in ROUTERS] == [True] * len(ROUTERS)
    assert (figures["lost_caddy_file"], figures["lost_nginx_socket"]) == (0, 0)
    assert [sample["way"] for sample in recording.samples] == [*ROUTERS, *ROUTERS]
