"""What an adapter must do that reads its steps itself."""

from pathlib import Path

import pytest

from blocks.postgres.server import Server
from domain.errors import NoDownStep
from tests.blocks.migrations.contract import AT_11, MigrationsContract, migrations
from tests.blocks.migrations.shop import ONE_WAY, SHOP, relations


class FileMigrationsContract(MigrationsContract):
    """An adapter that reads its steps itself knows which are missing."""

    def test_a_missing_way_down_is_named_before_anything_is_done(
        self, server: Server, tmp_path: Path
    ) -> None:
        adapter = self.made(tmp_path, [*SHOP[:2], ONE_WAY])
        adapter.up(server)
        for act in (adapter.plan_down, adapter.down):
            with pytest.raises(NoDownStep) as missing:
                act(server, self.version(9))
            assert missing.value.version == self.version(11)
            assert str(tmp_path) in missing.value.looked
        assert relations(server) == AT_11

    def test_the_steps_come_from_the_release(self, server: Server, tmp_path: Path) -> None:
        self.made(tmp_path / "v1.1", SHOP[:2])
        self.made(tmp_path / "v1.2", SHOP)
        adapter = migrations(self.settings(f"{tmp_path}/{{release}}"))
        assert adapter.up(server, release="v1.2") == self.versions(9, 10, 11)
        with pytest.raises(NoDownStep) as missing:
            adapter.plan_down(server, self.version(10), release="v1.1")
        assert f"{tmp_path}/v1.1" in missing.value.looked
        assert adapter.status(server, release="v1.1").unknown == self.versions(11)
        assert adapter.down(server, self.version(10), release="v1.2") == self.versions(11)
