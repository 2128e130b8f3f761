"""By what an image is known to be here; what an engine lists is made by hand."""

from typing import Any

import pytest

from blocks.containers.pinning import _by_digest, _lost
from domain.release import Release

ID, PUSHED = "sha256:" + "a" * 64, "sha256:" + "b" * 64


class Engine:
    """What `docker images` would list."""

    def __init__(self, **image: Any) -> None:
        self.api = self
        self._images = [{"Id": ID, **image}]

    def images(self) -> list[dict[str, Any]]:
        return self._images


def release(digest: str) -> Release:
    return Release(application="shop/production", version="2.0+7", images={"web": digest})


@pytest.mark.parametrize("recorded", [PUSHED, f"registry.example.com/shop@{PUSHED}", "b" * 64, ID, "a" * 64])
def test_a_digest_is_the_same_however_it_was_written(recorded: str) -> None:
    here = _by_digest(Engine(RepoDigests=[f"registry.example.com/shop@{PUSHED}"]))
    assert _lost(here, release(recorded)) == ""


def test_what_our_own_tag_holds_is_here_without_its_digest() -> None:
    kept = _by_digest(Engine(RepoTags=["backout-kept/shop--production:2.0_7--web"], RepoDigests=None))
    other = _by_digest(Engine(RepoTags=["shop:2.0_7", "backout-kept/shop--staging:2.0_7--web"]))
    assert _lost(kept, release(PUSHED)) == ""
    assert "the image of web" in _lost(other, release(PUSHED))
