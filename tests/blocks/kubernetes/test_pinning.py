"""Where a Deployment keeps fewer revisions than are to be gone back to, that is said."""

from typing import Any

import pytest

from blocks.kubernetes.pinning import too_few
from tests.blocks.kubernetes.test_taking_place import sight


@pytest.mark.parametrize("spec", [{}, {"revisionHistoryLimit": 2}])
def test_what_keeps_enough_needs_no_word(spec: dict[str, Any]) -> None:
    assert too_few([sight(**spec)], 3) == []


def test_what_keeps_fewer_is_named_with_the_setting() -> None:
    [said] = too_few([sight(revisionHistoryLimit=1)], 3)
    assert (
        said
        == "Deployment jarvis-api keeps 1 old revisions (revisionHistoryLimit), and 2 are to be gone back to"
    )
