"""One part of Aldeia goes back; what else runs is not touched, as its container's id shows."""

from pathlib import Path
from typing import Any

import pytest

from blocks.document import Document
from blocks.signals.http import Http
from domain.outcomes import Outcome
from domain.release import Part
from domain.request import THIRD_PARTY
from flows.path import take_back
from flows.third_party_failure import turn_off_then_take_back
from tasks.assess import releases_of
from tasks.survey import look_around
from tests.systems.aldeia.scene import AldeiaScene
from tests.systems.aldeia.stage import NEW, OLD, Aldeia

pytestmark = pytest.mark.engine


def releases(parts: list[Part]) -> dict[str, str | None]:
    return {part.name: part.release for part in parts}


@pytest.mark.full_matrix
def test_the_front_end_goes_back_alone(aldeia: Aldeia, scene: AldeiaScene) -> None:
    goes_back_alone(aldeia, scene, "chatbot-frontend", other="backend")
    assert aldeia.stack.health()["version"] == NEW


def test_the_backend_goes_back_alone_and_then_the_whole(aldeia: Aldeia, scene: AldeiaScene) -> None:
    goes_back_alone(aldeia, scene, "backend", other="chatbot-frontend")
    assert aldeia.stack.health()["version"] == OLD
    seen = look_around(scene.document)
    assert seen.healthy(NEW), "the backend alone answers as another release, and that is well"

    assert scene.walk(take_back, run="of the whole") is Outcome.ROLLED_BACK
    assert aldeia.is_clean_on(OLD)
    assert aldeia.answering() == OLD
    now = releases(aldeia.platform.parts())
    assert (now["backend"], now["chatbot-frontend"]) == (OLD, OLD)


def goes_back_alone(aldeia: Aldeia, scene: AldeiaScene, part: str, other: str) -> None:
    before = aldeia.containers()
    assert scene.walk(take_back, only=part) is Outcome.ROLLED_BACK
    after = aldeia.containers()
    assert after[part] != before[part]
    assert (after[other], after["postgres"]) == (before[other], before["postgres"])
    now = releases(aldeia.platform.parts())
    assert (now[part], now[other]) == (OLD, NEW)
    assert f"| {part} | {OLD} |" in scene.report()
    assert scene.quarantined() == [], "its other parts still serve"
    assert aldeia.repository.git("diff", "--stat", OLD, "--", f"apps/{part}") == ""

    assert scene.walk(take_back, run="second", only=part) is Outcome.NOTHING_TO_DO
    assert aldeia.containers() == after


def test_a_part_is_not_offered_a_release_in_quarantine(scene: AldeiaScene) -> None:
    with scene.installation() as here:
        here.store.quarantine(scene.name, OLD, "20261122-000000-aldeia-production-0000")
        case = scene.case(here, only="backend")
        found = {row.version: row.quarantined_by for row in releases_of(case.ledger, case.document)}
    assert found[OLD] == "20261122-000000-aldeia-production-0000"
    assert found[NEW] is None


@pytest.mark.full_matrix
def test_a_feature_is_turned_off_and_only_what_reads_it_starts_anew(
    aldeia: Aldeia, scene: AldeiaScene
) -> None:
    before = aldeia.containers()
    assert scene.walk(take_back, only="flag:new-chat") is Outcome.ROLLED_BACK
    after = aldeia.containers()
    assert aldeia.features() == {"newChat": False}
    assert {name for name in after if after[name] != before[name]} == {"backend"}
    assert scene.walk(take_back, run="second", only="flag:new-chat") is Outcome.NOTHING_TO_DO
    assert aldeia.containers() == after


@pytest.mark.full_matrix
def test_the_configuration_goes_back_to_the_copy_before(aldeia: Aldeia, scene: AldeiaScene) -> None:
    good = aldeia.environment
    aldeia.change_environment("FEATURE_NEW_CHAT", "false")
    aldeia.stack.up()
    before = aldeia.containers()
    assert aldeia.features() == {"newChat": False}

    assert scene.walk(take_back, only="config") is Outcome.ROLLED_BACK
    after = aldeia.containers()
    assert (aldeia.folder / ".env").read_bytes() == good
    assert aldeia.features() == {"newChat": True}
    assert {name for name in after if after[name] != before[name]} == {"backend"}
    copies = list(aldeia.folder.glob(".env.rollback-backup-*"))
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
    assert scene.walk(take_back, run="second", only="config") is Outcome.NOTHING_TO_DO


class Integrated(AldeiaScene):
    """Its new chat is an integration that fails for users as long as it is on."""

    @property
    def document(self) -> Document:
        broken = {"name": "chat", "path": "/api/features", "expect": {"json": {"newChat": False}}}
        check = Http.model_validate({"kind": "http", **broken})
        return super().document.model_copy(update={"integration": "new-chat", "checks": [check]})


def test_a_third_partys_feature_is_turned_off_and_the_release_stays(
    aldeia: Aldeia, store_url: str, tmp_path: Path
) -> None:
    scene = Integrated(aldeia, store_url, tmp_path)
    asked: dict[str, Any] = {"runbook": THIRD_PARTY, "issue": THIRD_PARTY}
    assert scene.walk(turn_off_then_take_back, **asked) is Outcome.TURNED_OFF, scene.why()
    assert aldeia.features() == {"newChat": False}
    assert aldeia.answering() == NEW
    assert scene.quarantined() == []
    assert "flag:new-chat turned off" in scene.report()
