"""The question at the prompt of a terminal: yes, no, or leave it to others."""

import os
import pty
import re
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from blocks.installation import Installation
from deployments.catalog import ROOT
from tests.deployments.cli.shop import APP, COMMAND, PATIENCE_SECONDS, Shop
from tests.deployments.served import wait_for

ASK = ("rollback", APP, "--severity", "high", "--reason", "slow")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A command with a terminal before it."""

    def __init__(self, shop: Shop, arguments: tuple[str, ...]) -> None:
        self.keys, side = pty.openpty()
        self.out = ""
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], env=shop.environ(), cwd=ROOT, stdin=side, stdout=side, stderr=side,
            start_new_session=True,
        )  # fmt: skip
        os.close(side)

    def read_until(self, words: str) -> None:
        """Read what is shown until the words are there."""
        while words not in self.out:
            self._read(words)

    def type(self, text: str) -> None:
        self.out = ""
        os.write(self.keys, f"{text}\n".encode())

    def end(self) -> int:
        """The exit code, and all that was shown."""
        while self._read("its end"):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self, what: str) -> bool:
        ready, _, _ = select.select([self.keys], [], [], PATIENCE_SECONDS)
        assert ready, f"{what} did not come: {self.out}"
        try:
            more = os.read(self.keys, 4096)
        except OSError:
            return False  # the other side was closed
        self.out += ESCAPES.sub("", more.decode(errors="replace"))
        return bool(more)


@contextmanager
def terminal(shop: Shop, *arguments: str) -> Iterator[Terminal]:
    """Ended with the block, whatever happened."""
    started = Terminal(shop, arguments)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()
        os.close(started.keys)


def _outcome(here: Installation) -> str:
    [incident] = [one.id for one in here.store.incidents(APP)][:1]
    return str(wait_for(lambda: here.store.incident(incident).outcome, f"the end of {incident}"))


@pytest.mark.parametrize("typed", ["n", "leave"])
@pytest.mark.full_matrix
def test_leaving_it_says_that_it_waits_and_how_both_answers_are_given(
    bad_shop: Shop, here: Installation, typed: str
) -> None:
    with terminal(bad_shop, *ASK) as asked:
        asked.read_until("[leave]: ")
        asked.type("maybe")
        asked.read_until("[leave]: ")
        asked.type(typed)
        assert asked.end() == 1
    incident = here.store.incidents(APP)[0]
    said = " ".join(asked.out.split())
    assert incident.outcome is None
    assert "it still waits for consent, until" in said
    assert f"backout approve {incident.id}" in said
    assert f"backout reject {incident.id} --reason" in said
    assert bad_shop.run("reject", incident.id, "--reason", "the test is over").code == 0
    assert _outcome(here) == "rejected"


@pytest.mark.full_matrix
def test_a_no_at_the_prompt_asks_why_and_ends_it(bad_shop: Shop, here: Installation) -> None:
    with terminal(bad_shop, *ASK) as asked:
        asked.read_until("[leave]: ")
        asked.type("reject")
        asked.read_until("Why: ")
        asked.type("the database is the cause")
        assert asked.end() == 1
    assert "rejected" in asked.out
    incident = here.store.incidents(APP)[0]
    assert incident.outcome == "rejected"
    assert here.store.approvals(incident.id)[-1].reason == "the database is the cause"
    assert bad_shop.serving == "green"


def test_a_yes_at_the_prompt_carries_it_out(bad_shop: Shop, here: Installation) -> None:
    with terminal(bad_shop, *ASK) as asked:
        asked.read_until("[leave]: ")
        asked.type("approve")
        assert asked.end() == 0
    assert _outcome(here) == "rolled_back"
