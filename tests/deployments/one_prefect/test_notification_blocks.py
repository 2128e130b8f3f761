"""The channel `notification`, by blocks that somebody made in Prefect."""

import pytest
from prefect.client.orchestration import SyncPrefectClient

from domain.errors import ChannelRefused
from tests.blocks.channels.contract import message
from tests.blocks.channels.test_notification import HOOK, WAYS, notification
from tests.fakes.http_server import HttpServer, Reply


def test_blocks_that_were_made_in_prefect_are_found_there(client: SyncPrefectClient) -> None:
    assert client.hello().status_code == 200
    with HttpServer() as server:
        server.replies[HOOK] = Reply(body="ok")
        _tell_by_blocks(server)


def _tell_by_blocks(server: HttpServer) -> None:
    for name, way in zip(("apprise", "webhook"), WAYS, strict=True):
        way(server.url).save(name)
    for reference in ("mattermost-webhook/apprise", "custom-webhook/webhook"):
        channel = notification(reference)
        assert [checkup.finding.ok for checkup in channel.examine()] == [True]
        channel.send(message("told by Prefect"), None)
    assert len(server.seen) == 2
    assert all("told by Prefect" in seen.body.decode() for seen in server.seen)
    with pytest.raises(ChannelRefused, match="custom-webhook/none"):
        notification("custom-webhook/none").send(message(), None)
