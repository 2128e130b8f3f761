"""What `compose` promises of an install beside the contract of all platforms; on the stack of its own tests."""

import fcntl
from typing import Any

import pytest

from blocks.compose_program import ComposeProject
from blocks.platforms.compose import Compose
from blocks.platforms.contract import Standing
from domain.errors import NotInstalled
from tests.blocks.platforms.compose_stack import ComposeStack
from tests.blocks.platforms.contract import look
from tests.blocks.platforms.install_contract import NEW, InstallContract, install


class ComposeInstallContract(InstallContract):
    """With `.env` beside the Compose file."""

    def test_only_the_slots_variable_is_changed_and_env_stays_closed(
        self, platform: Compose, stack: ComposeStack
    ) -> None:
        file = stack.folder / ".env"
        before = file.read_text()
        file.chmod(0o600)
        install(platform, "green")
        assert file.read_text() == before.replace("GREEN_VERSION=1.0", f"GREEN_VERSION={NEW}")
        assert file.stat().st_mode & 0o777 == 0o600

    def test_without_variables_it_installs_nothing(self, given: dict[str, Any], platform: Compose) -> None:
        del given["slots"]["green"]["release_variable"]
        bare = Compose.model_validate(given)
        assert (bare.installs, platform.installs) == (False, True)
        with pytest.raises(NotInstalled, match="`release_variable` is not set"):
            bare.install("green", NEW)

    @pytest.mark.full_matrix
    @pytest.mark.usefixtures("platform")
    def test_the_service_that_names_the_release_is_made_anew_last(
        self, stack: ComposeStack, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A run that is cut off before leaves a slot that is not taken for the new release."""
        given["slots"]["green"]["services"] = ["green-web", "green-worker"]
        both = Compose.model_validate({**given, "start_timeout_s": 30})
        run, calls = ComposeProject.run_alone, []

        def dies_at_the_second(project: ComposeProject, *words: str, **more: Any) -> str:
            calls.append(words[-1])
            if len(calls) == 2:
                raise KeyboardInterrupt
            return run(project, *words, **more)

        with monkeypatch.context() as patch:
            patch.setattr(ComposeProject, "run_alone", dies_at_the_second)
            with pytest.raises(KeyboardInterrupt):
                both.install("green", NEW)
        assert both.slot("green").version == "1.0"
        worker = stack.container("green-worker")
        assert worker is not None
        assert worker.names[0] == NEW
        both.install("green", NEW)
        assert calls == ["green-worker", "green-web"]
        assert isinstance(both.prepare("green", look), Standing)

    def test_a_second_compose_up_waits_for_the_first_and_is_given_up_when_it_is_asked_to(
        self, stack: ComposeStack, platform: Compose
    ) -> None:
        """The first one outlives the run that began it."""

        def not_ours() -> None:
            raise KeyboardInterrupt

        with (stack.folder / "compose.yaml").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(KeyboardInterrupt):
                platform.install("green", NEW, not_ours)
        assert platform.slot("green").version == "1.0"
