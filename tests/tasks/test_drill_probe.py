"""What the probe of a drill counts: answers, 5xx, and requests that got no answer."""

import ssl
from pathlib import Path

import pytest

from tasks.drill_probe import Probe
from tests.blocks.waiting import wait_until
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import HttpServer, Reply

ENOUGH = 3


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*self_signed(tmp_path))
    return made


def counted(url: str) -> tuple[int, int, int]:
    """Some requests, how many got 5xx, and how many were lost."""
    with Probe(url, 100) as probe:
        wait_until(lambda: probe.requests >= ENOUGH, "requests")
    return probe.requests, probe.errors, probe.lost


def test_an_authority_of_ones_own_is_trusted_where_the_host_trusts_it(
    context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HttpServer(tls=context) as server:
        server.replies["/"] = Reply()
        requests, _, lost = counted(server.url)
        assert lost == requests
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        assert counted(server.url)[1:] == (0, 0)


def test_5xx_is_an_error_and_no_loss() -> None:
    with HttpServer() as server:
        server.replies["/"] = Reply(status=503)
        requests, errors, lost = counted(server.url)
        assert (errors, lost) == (requests, 0)
