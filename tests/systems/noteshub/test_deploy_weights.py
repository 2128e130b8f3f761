"""NotesHub's deploy where nginx shares traffic out by weights: the router `nginx_upstream`, at a second real nginx over the same slots."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outcomes import Outcome
from examples.demo.tally import Window
from examples.noteshub.release import Fault, Release
from tests.blocks.nginx import Nginx
from tests.systems.deploys import QUICK, at_share, deployed_under_load
from tests.systems.noteshub.scene import ARCHIVED, NotesScene, NotesStage

NEW = Release("1.2.4")
CLIENTS = 2
BY_HAND = "upstream shop {{\n    server {amber} max_fails=0;\n}}\n"


@pytest.fixture
def nginx(notes: NotesStage, tmp_path: Path) -> Iterator[Nginx]:
    """One whose upstream a person wrote into a file of its own."""
    server = Nginx(tmp_path / "nginx")
    (server.folder / "noteshub.conf").write_text(BY_HAND.format(amber=f"unix:{notes.stack.run}/amber.sock"))
    server.serve(f"include {server.folder}/noteshub.conf;")
    yield server
    server.stop()


@pytest.fixture
def scene(notes: NotesStage, nginx: Nginx, tmp_path: Path) -> Iterator[NotesScene]:
    """A CI built 1.2.4; amber serves 1.2.3, and blue holds the oldest release, stopped."""
    made = notes.scene(tmp_path)
    router = {
        "kind": "nginx_upstream",
        "address": nginx.address,
        "file": str(nginx.folder / "noteshub.conf"),
        "upstream": "shop",
        "pid_file": str(nginx.pid_file),
        "test_command": nginx.command("-t"),
        "reload_command": nginx.command("-s", "reload"),
    }
    made.raw["platform"] = {**made.raw["platform"], "router": router}
    made.raw["deploy"] = {**made.raw["deploy"], **QUICK}
    NEW.lay_out(notes.stack.releases)
    yield made
    notes.held["blue"] = NEW
    notes.hold("blue", ARCHIVED)


def deployed(scene: NotesScene, nginx: Nginx) -> tuple[Outcome | None, Window]:
    """How a deploy of 1.2.4 ended, and what users had meanwhile."""
    return deployed_under_load(scene, NEW.version, f"{nginx.address}/api/notes", clients=CLIENTS)


def steps(scene: NotesScene) -> list[int]:
    """The shares that blue was given."""
    return [row["shares"]["blue"] for row in scene.data("shifted")]


def weights(scene: NotesScene) -> dict[str, int]:
    """Slot -> its share, as nginx's file has it."""
    return dict(scene.document.platform.route().served)


def test_a_good_release_gets_the_weights_of_the_runbook(scene: NotesScene, nginx: Nginx) -> None:
    outcome, counted = deployed(scene, nginx)
    assert outcome is Outcome.DEPLOYED, scene.data("ending")
    assert steps(scene) == [10, 25, 50, 100]
    assert weights(scene) == {"blue": 100}
    file = (nginx.folder / "noteshub.conf").read_text()
    assert f"server unix:{scene.notes.stack.run}/blue.sock max_fails=0;" in file
    # A reload closes what is kept alive: of each client one request at most, at each step.
    assert counted.errors == 0, counted.document()
    assert counted.lost.total() <= CLIENTS * len(steps(scene)), counted.document()


@pytest.mark.full_matrix
def test_a_bad_release_goes_back_by_weights(
    scene: NotesScene, nginx: Nginx, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_share(monkeypatch, 25, lambda: NEW.spoil(scene.notes.stack.releases, Fault.ERRORS))
    outcome, counted = deployed(scene, nginx)
    assert outcome is Outcome.WENT_BACK, scene.data("ending")
    assert steps(scene) == [10, 25]
    assert weights(scene) == {"amber": 100}
    assert "failed" in scene.data("judged")[-1]["said"]
    # Two steps and the way back; and a third of a quarter of the requests, only while the step lasted.
    assert counted.lost.total() <= CLIENTS * 3, counted.document()
    assert counted.errors < counted.requests / 4, counted.document()
