"""The load counts what is lost on the way apart from what the release does wrong."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from examples.demo.keepalive import Answer, Client
from examples.demo.load import Load
from examples.demo.ports import free_ports
from examples.demo.stack import Release, Stack
from examples.demo.waiting import wait_until
from tests.examples.demo_slots import running

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def ask(connected: Connected, times: int = 1, timeout: float = 10) -> list[Answer]:
    """The answers to so many requests over one client, from a server that does `connected`."""

    async def run() -> list[Answer]:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}/", timeout)
        async with server:
            answers = [await client.request() for _ in range(times)]
            await client.close()
        return answers

    return asyncio.run(run())


def answering(*answers: bytes) -> Connected:
    """A server that gives these answers on each connection, then closes it."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
        finally:
            writer.close()

    return connected


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_answers_of_both_framings_are_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert ask(answering(OK, chunked, OK), times=3) == [Answer(200)] * 3


def test_a_connection_closed_between_requests_is_opened_again() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert ask(answering(closing), times=3) == [Answer(200)] * 3


def test_a_connection_closed_in_a_request_is_a_reset() -> None:
    assert ask(answering(OK[:20])) == [Answer(None, "reset")]


def test_no_answer_is_a_timeout() -> None:
    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            writer.close()

    assert ask(silent, timeout=0.1) == [Answer(None, "timeout")]


def test_nobody_there_is_refused() -> None:
    client = Client(f"http://127.0.0.1:{free_ports(1)[0]}/", 10)
    assert asyncio.run(client.request()) == Answer(None, "refused")


def test_what_is_not_http_is_malformed() -> None:
    assert ask(answering(b"hello\r\n\r\n")) == [Answer(None, "malformed")]


def test_a_502_of_the_proxy_is_lost_and_one_of_the_release_is_an_error() -> None:
    own = b"HTTP/1.1 502 Bad Gateway\r\nServer: Caddy\r\nContent-Length: 0\r\n\r\n"
    passed_on = b"HTTP/1.1 502 Bad Gateway\r\nServer: uvicorn\r\nVia: 1.1 Caddy\r\nContent-Length: 0\r\n\r\n"
    assert ask(answering(own, passed_on), times=2) == [Answer(502, "proxy_502"), Answer(502)]


@pytest.mark.parametrize("url", ["https://localhost/", "localhost:80", ""])
def test_an_address_it_cannot_load_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http://HOST"):
        Client(url, 10)


def test_without_a_slot_all_are_lost_by_the_proxy(stack: Stack) -> None:
    load = Load(stack.address, clients=2, rate=100).start()
    wait_until(lambda: load.tally.total.requests >= 10, "10 requests")
    tally = load.stop()
    assert set(tally.total.lost) == {"proxy_502"}
    assert tally.total.lost.total() == tally.total.requests == len(tally.losses)


def test_a_bad_release_loses_nothing_and_has_errors(stack: Stack) -> None:
    with running(stack, "blue", Release("2.0.0", "errors"), FAULT_AFTER="0"):
        load = Load(f"{stack.address}/api/journal", clients=3, rate=100).start()
        wait_until(lambda: load.tally.total.requests >= 30, "30 requests")
        total = load.stop().total
    assert total.lost.total() == 0
    assert total.errors == total.requests // 3


def test_as_a_process_it_writes_its_windows_at_sigterm(stack: Stack, tmp_path: Path) -> None:
    out = tmp_path / "load.json"
    with running(stack, "blue", Release("1.0.0")) as blue:
        argv = [sys.executable, "-m", "examples.demo.load", "--url", f"{stack.address}/", "--out", str(out)]
        load = subprocess.Popen([*argv, "--clients", "2", "--rate", "100"])
        served = 'code="200"'
        wait_until(lambda: served in blue.client.get("/metrics").text, "the first request")
        os.kill(load.pid, signal.SIGUSR1)
        load.send_signal(signal.SIGTERM)
        assert load.wait(20) == 0
    document = json.loads(out.read_text())
    assert [window["name"] for window in document["windows"]] == ["start", "mark 1"]
    assert document["requests"] == sum(window["requests"] for window in document["windows"]) > 0
    assert document["lost"] == 0
    assert document["losses"] == []
