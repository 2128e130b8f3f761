"""The first `backout.yaml` names only places that its user can write to."""

from pathlib import Path

import yaml

from blocks.home import Home
from deployments import starting_file

APP = "shop/production"


def _written(tmp_path: Path, user: int) -> str:
    where = starting_file.places(Home(tmp_path / "home"), APP, user)
    text = starting_file.render(["Caddy"], APP, where)
    assert yaml.safe_load(text)["applications"][0]["name"] == APP
    return text


def test_an_ordinary_user_gets_folders_of_their_own(tmp_path: Path) -> None:
    text = _written(tmp_path, 1000)
    own = tmp_path / "home" / "applications" / "shop--production"
    assert f"folder: {own}/slots" in text
    assert text.count(f"{own}/active") == 2
    assert f"path: {own}/messages.log" in text
    for system in ("/var/lib", "/var/log", "/run/backout"):
        assert system not in text


def test_root_gets_the_systems_folders(tmp_path: Path) -> None:
    text = _written(tmp_path, 0)
    for place in (
        "/var/lib/backout/shop--production",
        "/run/backout/shop--production/active",
        "/var/log/backout-shop",
    ):
        assert place in text
