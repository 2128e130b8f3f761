import asyncio
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import Flow

from deployments import lean_worker
from deployments.lean_worker import Known


class Server:
    """Answers with a flow of its own making, and counts."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []

    async def read(self, id_: UUID) -> Flow:
        self.asked.append(id_)
        return Flow(id=id_, name="rollback", labels={})


def test_twenty_runs_ask_once_for_each_id() -> None:
    server, first, second = Server(), uuid4(), uuid4()
    known = Known(server.read)

    async def twenty() -> None:
        for _ in range(20):
            assert (await known(first)).id == first
            assert (await known(second)).id == second

    asyncio.run(twenty())
    assert server.asked == [first, second]


def test_what_is_merged_into_one_answer_is_not_in_the_next() -> None:
    known, id_ = Known(Server().read), uuid4()

    async def merged() -> Flow:
        (await known(id_)).labels["env"] = "of one run"
        return await known(id_)

    assert asyncio.run(merged()).labels == {}


def test_it_is_asked_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lean_worker, "KNOWN_SECONDS", -1.0)
    server, id_ = Server(), uuid4()
    known = Known(server.read)

    async def twice() -> None:
        await known(id_)
        await known(id_)

    asyncio.run(twice())
    assert server.asked == [id_, id_]


def test_an_error_is_not_kept() -> None:
    answers = [ConnectionError("away"), None]
    server, id_ = Server(), uuid4()

    async def first_away(asked: UUID) -> Flow:
        if error := answers.pop(0):
            raise error
        return await server.read(asked)

    known = Known(first_away)

    async def twice() -> Flow:
        with pytest.raises(ConnectionError):
            await known(id_)
        return await known(id_)

    assert asyncio.run(twice()).id == id_
