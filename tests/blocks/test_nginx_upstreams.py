import pytest

from blocks.nginx_upstreams import Upstream, as_backout_writes, parse, render, socket_path

BY_HAND = """\
# upstream shop { server 10.0.0.1:1; }
upstream "shop" {
    zone shop 64k; # {
    server 127.0.0.1:8001 weight=3 max_fails=0;
    server unix:/run/shop/green.sock;
    server 127.0.0.1:8003 backup;
    server 127.0.0.1:8004 down; }
"""


def test_reads_what_people_write() -> None:
    assert parse(BY_HAND.replace('"', ""), "shop") == Upstream(
        weights={"127.0.0.1:8001": 3, "unix//run/shop/green.sock": 1},
        options=["max_fails=0"],
        others=["zone shop 64k"],
    )


def test_shares_are_per_cent_of_all_weights() -> None:
    assert Upstream({"a:1": 3, "b:1": 1}).per_cent() == {"a:1": 75, "b:1": 25}


def test_the_same_server_twice_has_both_weights() -> None:
    assert parse("upstream u { server a:1; server a:1 weight=2; }", "u").weights == {"a:1": 3}


def test_what_is_written_is_read_again() -> None:
    before = Upstream({"a:1": 1}, options=["max_fails=0"], others=["keepalive 16"])
    written = render("shop", {"127.0.0.1:8001": 90, "unix//run/green.sock": 10}, before)
    assert parse(written, "shop") == Upstream(
        {"127.0.0.1:8001": 90, "unix//run/green.sock": 10}, ["max_fails=0"], ["keepalive 16"]
    )
    assert "server unix:/run/green.sock weight=10 max_fails=0;" in written


def test_one_server_alone_needs_no_weight() -> None:
    assert "server a:1;" in render("shop", {"a:1": 100}, Upstream({}))


@pytest.mark.parametrize("text", ["", "upstream other { server a:1; }", "upstream shop", "upstream shop {}"])
def test_a_file_without_the_upstream_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"upstream shop|no server"):
        parse(text, "shop")


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("unix:/run/a.sock", "unix//run/a.sock"),
        ("unix//run/a.sock", "unix//run/a.sock"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("web-1", "web-1:80"),
        ("[::1]:8001", "[::1]:8001"),
    ],
)
def test_an_address_has_one_spelling(written: str, known: str) -> None:
    assert as_backout_writes(written) == known


def test_only_sockets_have_a_path() -> None:
    assert socket_path("unix//run/a.sock") == socket_path("unix:/run/a.sock") == "/run/a.sock"
    assert socket_path("127.0.0.1:80") is None
