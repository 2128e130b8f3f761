"""A release's images get its name: built in nobody's way, and never over what Compose starts. Without a Docker engine."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from blocks.checkout.images import Images, Recipe
from blocks.checkout.preparation import bring, brought
from blocks.checkout.site import Sight, Site
from blocks.files import locked
from blocks.platforms.checkout import Checkout
from domain.errors import NotPrepared
from examples.aldeia.history import Repository

OLD, NEW = "v1.0.0", "v1.1.0"
FILE = "docker-compose.production.yml"


class Shelf(Images):
    """Images are names of them, all that were built or tagged; a build takes as long as it looks at the checkout."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.project)
        self._site = site
        self.here: dict[str, str] = {}
        self.overrides: list[Path] = []

    def recipe(self, tree: Path) -> Recipe:
        del tree
        return Recipe(built={"backend": "aldeia-backend"}, pulled={})

    def absent(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name not in self.here]

    def keep(self, images: Mapping[str, str], commit: str) -> None:
        self.here |= {self.name(service, commit): image for service, image in images.items()}

    def of(self, services: Iterable[str], commit: str) -> dict[str, str]:
        names = {service: self.name(service, commit) for service in services}
        return {service: self.here[name] for service, name in names.items() if name in self.here}

    def point(self, built: Mapping[str, str], images: Mapping[str, str]) -> None:
        with pytest.raises(TimeoutError), locked(self._site.git.own / "lock", 0):
            pass
        self.here |= {name: images[service] for service, name in built.items()}

    def build(
        self, tree: Path, services: Sequence[str], commit: str, override: Path, timeout_s: float
    ) -> None:
        del tree, timeout_s
        self.overrides.append(override)
        with locked(self._site.git.own / "lock", 0):  # whoever acts on the checkout meanwhile
            self.here |= {self.name(service, commit): f"image of {commit}" for service in services}


@pytest.fixture
def site(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Site:
    """v1.1.0 runs."""
    settings: dict[str, Any] = {
        "project": {"name": "aldeia", "folder": str(repository.folder), "files": [FILE]},
        "address": "http://127.0.0.1:1",
        "components": {"backend": {"path": "apps/backend"}},
    }
    (repository.folder / ".env").write_text("")
    made = Checkout.model_validate(settings).site
    monkeypatch.setattr(made, "images", Shelf(made))
    head = made.git.head()
    monkeypatch.setattr(made, "see", lambda: Sight(head, made.releases.of(head), None, {}, {}))
    return made


@pytest.fixture
def shelf(site: Site) -> Shelf:
    assert isinstance(site.images, Shelf)
    return site.images


def test_a_build_holds_nobody_up_and_names_are_given_in_turn(site: Site, shelf: Shelf) -> None:
    release = site.releases.find(OLD)
    assert release
    assert not brought(site, release)
    assert shelf.here == {}, "to ask makes nothing"
    bring(site, release)
    assert shelf.here["aldeia-backend:v1.0.0"] == f"image of {release.commit}"
    assert brought(site, release)
    assert [path.name for path in shelf.overrides] == [f"{release.commit}.yaml"]


def test_what_is_there_is_not_touched_again(
    site: Site, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = site.releases.find(OLD)
    assert release
    bring(site, release)
    monkeypatch.setattr(site, "turn", None)
    bring(site, release)
    assert len(shelf.overrides) == 1


def test_a_moved_tag_is_another_image(site: Site, shelf: Shelf, repository: Repository) -> None:
    release = site.releases.find(OLD)
    assert release
    bring(site, release)
    moved = repository.commit_file("notes.txt", "v1.0.0 once more")
    repository.git("tag", "--force", OLD)
    release = site.releases.find(OLD)
    assert release
    assert not brought(site, release)
    bring(site, release)
    assert shelf.here["aldeia-backend:v1.0.0"] == f"image of {moved}"


def test_a_name_that_compose_starts_from_is_left_alone(
    site: Site, shelf: Shelf, repository: Repository
) -> None:
    repository.git("tag", "--delete", OLD)
    repository.git("tag", "latest", "v1.1.0~1")
    release = site.releases.find("latest")
    assert release
    assert release.name == "latest"
    shelf.here["aldeia-backend:latest"] = "what runs"
    with pytest.raises(NotPrepared, match="aldeia-backend:latest: give its commit another tag"):
        bring(site, release)
    assert shelf.here["aldeia-backend:latest"] == "what runs"


def test_a_version_with_a_plus_becomes_a_tag(site: Site, shelf: Shelf, repository: Repository) -> None:
    repository.git("tag", "--delete", OLD)
    repository.git("tag", "1.0.0+7", "v1.1.0~1")
    release = site.releases.find("1.0.0+7")
    assert release
    bring(site, release)
    assert "aldeia-backend:1.0.0_7" in shelf.here
    assert brought(site, release)
