"""What every migration adapter must do, on a real database. A test class subclasses it."""

import json
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.migration_steps.lock import only_migration
from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server
from domain.database.migration import Direction, Step
from domain.errors import ConfigurationError, MigrationRunning, StepFailed, UnknownVersion
from tests.blocks.migrations.shop import (
    BREAKS,
    GATE,
    HELD,
    SHOP,
    Change,
    make_database,
    relations,
    waits_at_the_gate,
)
from tests.blocks.waiting import wait_until

AT_9 = {"users.id", "users.email"}
AT_10 = {*AT_9, "users.phone"}
AT_11 = {*AT_10, "orders.id"}


def migrations(settings: dict[str, Any]) -> Migrations:
    """The adapter as `backout.yaml` would make it."""
    made = adapter_class("migrations", settings["kind"]).model_validate(settings)
    assert isinstance(made, Migrations)
    return made


class MigrationsContract:
    """The subclass writes changes into a folder as its tool wants them, and gives the settings to use them."""

    @abstractmethod
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        """Write the migrations; the folder may hold those of another test's step."""

    @abstractmethod
    def settings(self, folder: str) -> dict[str, Any]:
        """All of the adapter's entry in `backout.yaml`; the folder's name may hold `{release}`."""

    def version(self, number: int) -> str:
        """How the tool writes a version."""
        return str(number)

    def versions(self, *numbers: int) -> list[str]:
        return [self.version(number) for number in numbers]

    def made(self, folder: Path, changes: Sequence[Change] = SHOP) -> Migrations:
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder, changes)
        return migrations(self.settings(str(folder)))

    def test_at_first_all_is_pending_by_number(self, server: Server, tmp_path: Path) -> None:
        status = self.made(tmp_path).status(server)
        assert (status.applied, status.pending) == ([], self.versions(9, 10, 11))
        assert (status.dirty, status.unknown, status.version) == (None, [], None)
        assert self.made(tmp_path).plan_down(server, None) == []

    def test_up_applies_all_by_number_and_then_has_nothing_to_do(
        self, server: Server, tmp_path: Path
    ) -> None:
        adapter = self.made(tmp_path)
        assert adapter.up(server) == self.versions(9, 10, 11)
        assert relations(server) == AT_11
        status = adapter.status(server)
        assert (status.applied, status.pending) == (self.versions(9, 10, 11), [])
        assert adapter.up(server) == []

    def test_up_stops_at_a_version(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        assert adapter.up(server, self.version(10)) == self.versions(9, 10)
        assert adapter.status(server).pending == self.versions(11)
        assert relations(server) == AT_10

    def test_the_plan_is_newest_first_and_changes_nothing(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server)
        steps = adapter.plan_down(server, self.version(9))
        assert [step.version for step in steps] == self.versions(11, 10)
        assert {step.direction for step in steps} == {Direction.DOWN}
        assert all(step.source for step in steps)
        assert relations(server) == AT_11
        assert adapter.status(server).applied == self.versions(9, 10, 11)

    def test_down_undoes_the_newest_first_and_tells_each_step(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server)
        told: list[Step] = []
        assert adapter.down(server, self.version(9), on_step=told.append) == self.versions(11, 10)
        assert [step.version for step in told] == self.versions(11, 10)
        assert relations(server) == AT_9
        assert adapter.status(server).applied == self.versions(9)

    def test_down_again_has_nothing_to_do_and_up_comes_back(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server)
        adapter.down(server, self.version(9))
        assert adapter.plan_down(server, self.version(9)) == []
        assert adapter.down(server, self.version(9)) == []
        assert adapter.up(server) == self.versions(10, 11)
        assert relations(server) == AT_11

    def test_down_to_none_undoes_all(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server)
        assert adapter.down(server, None) == self.versions(11, 10, 9)
        assert relations(server) == set()
        assert adapter.status(server).applied == []

    def test_a_version_that_is_not_applied_is_refused(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server, self.version(9))
        for unknown in self.versions(10, 77):
            with pytest.raises(UnknownVersion) as refused:
                adapter.down(server, unknown)
            assert (refused.value.version, list(refused.value.known)) == (unknown, self.versions(9))
        assert relations(server) == AT_9

    def test_a_failing_step_leaves_nothing_and_says_what_is_applied(
        self, server: Server, tmp_path: Path
    ) -> None:
        adapter = self.made(tmp_path, [*SHOP[:2], BREAKS])
        adapter.up(server)
        with pytest.raises(StepFailed) as failed:
            adapter.down(server, self.version(9))
        assert (failed.value.version, failed.value.direction) == (self.version(11), "down")
        assert "never_there" in failed.value.why
        assert f"applied now: {', '.join(self.versions(9, 10, 11))}" in failed.value.left
        assert relations(server) == AT_11
        assert adapter.status(server).applied == self.versions(9, 10, 11)

    def test_steps_before_a_failing_one_stay_done(self, server: Server, tmp_path: Path) -> None:
        broken = Change(10, "phone", SHOP[1].up, BREAKS.down.partition("; ")[2] if BREAKS.down else None)
        adapter = self.made(tmp_path, [SHOP[0], broken, SHOP[2]])
        adapter.up(server)
        told: list[Step] = []
        with pytest.raises(StepFailed) as failed:
            adapter.down(server, None, on_step=told.append)
        assert failed.value.version == self.version(10)
        assert [step.version for step in told] == self.versions(11)
        assert adapter.status(server).applied == self.versions(9, 10)

    def test_a_second_migration_is_refused_and_changes_nothing(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server, self.version(10))
        with only_migration(server, None):
            for act in (adapter.up, lambda there: adapter.down(there, self.version(9))):
                with pytest.raises(MigrationRunning) as running:
                    act(server)
                assert "backout of shop" in running.value.holder
                assert running.value.retryable
            assert adapter.status(server).applied == self.versions(9, 10)
        assert relations(server) == AT_10

    def test_another_database_is_migrated_alone(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path)
        adapter.up(server)
        clone = make_database(server, f"{server.database}__clone_1")
        assert adapter.status(server, clone).applied == []
        adapter.up(server, database=clone)
        with only_migration(server, None):
            assert adapter.down(server, self.version(10), clone) == self.versions(11)
        assert relations(server, clone) == AT_10
        assert relations(server) == AT_11
        assert adapter.status(server).applied == self.versions(9, 10, 11)

    @pytest.mark.parametrize("release", [None, "../v1.1", ""])
    def test_a_release_is_needed_where_a_setting_holds_one(
        self, server: Server, tmp_path: Path, release: str | None
    ) -> None:
        adapter = migrations(self.settings(f"{tmp_path}/{{release}}"))
        with pytest.raises(ConfigurationError, match="release"):
            adapter.status(server, release=release)

    def test_killed_in_the_middle_it_ends_right_the_next_time(self, server: Server, tmp_path: Path) -> None:
        adapter = self.made(tmp_path, [*SHOP[:2], HELD])
        adapter.up(server)
        order = {
            "settings": self.settings(str(tmp_path)),
            "url": server.owner_url.get_secret_value(),
            "to": self.version(9),
        }
        with server.connected() as gate:
            gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
            child = _start(order)
            wait_until(lambda: waits_at_the_gate(server), "the step to come to the gate")
            child.kill()
            child.wait()
            gate.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        wait_until(lambda: self.ended(server), "the end of what the killed one left running")
        adapter.down(server, self.version(9))
        assert relations(server) == AT_9
        assert adapter.status(server).applied == self.versions(9)
        assert adapter.status(server).dirty is None

    def ended(self, server: Server) -> bool:
        try:
            with only_migration(server, None):
                return True
        except MigrationRunning:
            return False

    def test_an_unknown_key_raises(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            migrations({**self.settings(str(tmp_path)), "colour": "red"})


def _start(order: dict[str, Any]) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "tests.blocks.migrations.child"]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True)
    assert child.stdin
    with child.stdin as given:
        json.dump(order, given)
    return child
