from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.hosts.local import Local
from blocks.platforms.contract import Unproven
from blocks.platforms.supervisor import Supervisor
from blocks.supervision.slot_programs import SlotPrograms
from domain.errors import Conflict, NotInstalled, UnknownRemedy, UnknownSlot
from tests.blocks.platforms import supervised_slots
from tests.blocks.platforms.contract import SECRET, PlatformContract, answering, look
from tests.blocks.platforms.install_contract import InstallContract, install
from tests.blocks.platforms.restart_contract import RestartContract
from tests.blocks.platforms.supervised_slots import ENVIRONMENT, NEXT, Stand, standing
from tests.blocks.supervised import PIP
from tests.blocks.waiting import wait_until


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("supervisor"), PIP) as stand:
        yield stand


@pytest.fixture
def platform(stand: Stand) -> Supervisor:
    return stand.fresh()


@pytest.fixture
def spoil(stand: Stand) -> Callable[[str], None]:
    return lambda slot: (stand.folder / f"{slot}.unhealthy").touch()


@pytest.fixture
def kill(platform: Supervisor) -> Callable[[str], None]:
    return lambda slot: supervised_slots.kill(platform, slot)


class TestSupervisor(PlatformContract, RestartContract, InstallContract):
    def test_the_serving_slot_is_never_stopped(self, platform: Supervisor) -> None:
        before = platform.slot("blue")
        with pytest.raises(Conflict, match="slot blue is serving"):
            platform.stop("blue")
        assert platform.slot("blue") == before
        assert answering(platform) == "blue"

    def test_stop_ends_an_idle_slot_and_is_a_no_op_after(self, platform: Supervisor) -> None:
        platform.prepare("green", look)
        platform.stop("green")
        platform.stop("green")
        assert not platform.slot("green").running
        with pytest.raises(UnknownSlot):
            platform.stop("purple")

    def test_says_what_a_slot_uses(self, platform: Supervisor) -> None:
        usage = platform.usage("blue")
        assert usage is not None
        assert usage.memory_mb > 1
        assert platform.usage("green") is None

    def test_settings_survive_being_written_and_read(self, platform: Supervisor) -> None:
        assert Supervisor.model_validate(platform.model_dump()) == platform

    def test_a_release_that_ends_at_once_is_unproven_with_its_last_words(self, stand: Stand) -> None:
        platform = _with_green(stand, "crasher")
        outcome = platform.prepare("green", look)
        assert isinstance(outcome, Unproven)
        assert "crasher FATAL: Exited too quickly" in outcome.reason
        assert "its log ends: no luck with **********" in outcome.reason
        assert SECRET not in outcome.reason

    def test_a_program_that_is_not_there_or_not_configured_is_unproven(self, stand: Stand) -> None:
        for program, told in (("missing", "can't find command"), ("unheard-of", "BAD_NAME")):
            outcome = _with_green(stand, program).prepare("green", look)
            assert isinstance(outcome, Unproven)
            assert program in outcome.reason
            assert told.lower() in outcome.reason.lower() or "no_file" in outcome.reason.lower()

    def test_a_release_that_nobody_built_stops_nothing(self, platform: Supervisor) -> None:
        platform.prepare("green", look)
        before = platform.slot("green")
        with pytest.raises(NotInstalled, match=r"no folder .*releases/9\.9 on this host"):
            install(platform, "green", "9.9")
        assert platform.slot("green") == before

    def test_without_a_folder_of_releases_it_installs_nothing(
        self, stand: Stand, platform: Supervisor
    ) -> None:
        alone = Supervisor.model_validate(stand.settings(releases=None))
        assert (alone.installs, platform.installs) == (False, True)
        with pytest.raises(NotInstalled, match="`releases` is not set"):
            alone.install("green", NEXT)

    def test_cut_off_before_the_link_moves_the_slot_says_the_old_release(
        self, platform: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        platform.prepare("green", look)
        with monkeypatch.context() as patch:
            patch.setattr(Local, "link", cut_off)
            with pytest.raises(KeyboardInterrupt):
                install(platform, "green")
        seen = platform.slot("green")
        assert (seen.version, seen.running) == ("1.0", False)
        install(platform, "green")
        assert platform.slot("green").version == NEXT

    def test_align_names_the_slot_in_the_environment_file_and_restores_it_on_the_way_back(
        self, platform: Supervisor, stand: Stand
    ) -> None:
        aligned = platform.align("green", thorough=False)
        assert aligned.left == []
        assert len(aligned.done) == 1
        assert stand.environment_file.read_text() == (
            ENVIRONMENT.replace("APP_VERSION=2.0", "APP_VERSION=1.0")
            .replace('DEPLOYMENT_ENV="blue"', 'DEPLOYMENT_ENV="green"')
            .replace("PREVIOUS_VERSION=1.0", "PREVIOUS_VERSION=2.0")
        )
        assert platform.align("green", thorough=False).done == []
        platform.align("blue", thorough=False)
        assert stand.environment_file.read_text() == ENVIRONMENT

    def test_thorough_restarts_the_services_then_clears_the_caches(
        self, stand: Stand, platform: Supervisor
    ) -> None:
        stand.ctl("start", "worker")
        cache = stand.folder / "cache"
        cache.touch()
        thorough = Supervisor.model_validate(
            stand.settings(restart=["worker"], clear_caches=[["rm", str(cache)]])
        )
        before, serving = thorough.supervisord.control().programs()["worker"], platform.slot("blue")
        assert platform.align("blue", thorough=True).done == []
        aligned = thorough.align("blue", thorough=True)
        after = thorough.supervisord.control().programs()["worker"]
        assert aligned.left == []
        assert aligned.done == ["restarted worker", f"cleared caches: rm {cache}"]
        assert after.up
        assert after.pid != before.pid
        assert not cache.exists()
        assert platform.slot("blue") == serving

    @pytest.mark.usefixtures("platform")
    def test_what_cannot_be_aligned_is_left_and_keeps_nothing_else_back(self, stand: Stand) -> None:
        stand.environment_file.unlink()
        broken = Supervisor.model_validate(
            stand.settings(restart=["crasher", "worker"], clear_caches=[["false"], ["true"]])
        )
        aligned = broken.align("green", thorough=True)
        assert aligned.done == ["restarted worker", "cleared caches: true"]
        environment, crasher, cache = aligned.left
        assert environment.startswith(f"{stand.environment_file} was not changed")
        assert "its log ends: no luck" in crasher
        assert SECRET not in crasher
        assert cache.startswith("caches were not cleared: false: ended with 1")
        assert not stand.environment_file.exists()

    def test_doctor_sees_supervisord_and_each_program(self, stand: Stand, platform: Supervisor) -> None:
        assert [found for found in platform.examine() if found.bad] == []
        stand.ctl("stop", "worker")
        fuller = Supervisor.model_validate(stand.settings(restart=["worker"]))
        [stopped] = [found for found in fuller.examine() if found.bad]
        [remedy] = stopped.remedies
        assert (remedy.name, remedy.command) == ("start worker", "supervisorctl start worker")
        assert fuller.mend("start worker") == "started worker"
        assert [found for found in fuller.examine() if found.bad] == []

    def test_doctor_tells_a_program_in_a_loop_with_its_remedy(
        self, stand: Stand, platform: Supervisor
    ) -> None:
        stand.ctl("start", "stumbler")
        wait_until(lambda: platform.supervisord.control().programs()["stumbler"].state == "BACKOFF", "a fall")
        looping = _with_green(stand, "stumbler")
        [found] = [found for found in looping.examine() if found.bad]
        stand.ctl("stop", "stumbler")
        assert "BACKOFF" in found.finding.said or "STARTING" in found.finding.said
        assert [remedy.name for remedy in found.remedies] == ["restart stumbler"]

    def test_doctor_mends_only_what_it_knows(self, platform: Supervisor) -> None:
        for remedy in ("reload", "start all", "stop shop-blue", "start worker"):
            with pytest.raises(UnknownRemedy):
                platform.mend(remedy)


def cut_off(*_arguments: Any) -> None:
    raise KeyboardInterrupt


def _with_green(stand: Stand, program: str) -> Supervisor:
    given = stand.settings()
    given["slots"]["green"]["programs"] = [program]
    return Supervisor.model_validate(given)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "colour"),
        ({"supervisord": {"socket": "here"}}, "absolute path"),
        ({"slots": {}}, "slots"),
        ({"stop_timeout_s": 0}, "stop_timeout_s"),
        ({"restart": ["shop-blue"]}, "named twice: shop-blue"),
        ({"router": {"kind": "nginx_of_old"}}, "not one of the routers"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(stand: Stand, change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Supervisor.model_validate(stand.settings(**change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"release_file": "/srv/VERSION"}, "release_link or release_file"),
        ({"release_link": None}, "release_link or release_file"),
        ({"programs": []}, "programs"),
    ],
)
def test_a_slot_that_cannot_be_used_is_refused(stand: Stand, change: dict[str, Any], told: str) -> None:
    given = stand.settings()
    given["slots"]["green"] |= change
    with pytest.raises(ValidationError, match=told):
        Supervisor.model_validate(given)


def test_two_slots_at_one_address_are_refused(stand: Stand) -> None:
    given = stand.settings()
    given["slots"]["green"]["address"] = given["slots"]["blue"]["address"]
    with pytest.raises(ValidationError, match="the same address"):
        Supervisor.model_validate(given)


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.4.0\n", "1.4.0"), ("# now\nAPP_VERSION=1.4.0\n", "1.4.0"), ("", None), ("../evil", None)],
)
def test_a_slot_may_say_its_release_in_a_file(tmp_path: Path, text: str, version: str | None) -> None:
    (tmp_path / "VERSION").write_text(text)
    slot = SlotPrograms(programs=["x"], address="http://127.0.0.1:1", release_file=tmp_path / "VERSION")
    assert slot.version(Local()) == version


def test_a_link_that_is_not_there_is_no_release(tmp_path: Path) -> None:
    slot = SlotPrograms(programs=["x"], address="http://127.0.0.1:1", release_link=tmp_path / "none")
    assert slot.version(Local()) is None
