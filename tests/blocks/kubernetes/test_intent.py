"""When what an annotation says still is under way: the cluster copies annotations to ReplicaSets, and people bring them back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.kubernetes.intent import ANNOTATION, Intent, intent_of
from blocks.kubernetes.revisions import NUMBER, Revision

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGUN = Intent(before="2.0", to="1.0", begun=AT, revision=7, sets={"api": "api-new"}, target="api-old")


def deployment(number: int) -> dict[str, Any]:
    return {"metadata": {"annotations": {NUMBER: str(number), ANNOTATION: BEGUN.model_dump_json()}}}


def runs(set_name: str) -> Revision:
    return Revision(set_name, 1, 1, {}, "", "", AT)


@pytest.mark.parametrize(
    ("number", "set_name", "holds"),
    [
        (7, "api-new", True),  # noted, and nothing else
        (7, "api-old", True),  # asked for, and the cluster has not numbered it yet
        (8, "api-old", True),  # under way
        (8, "api-other", False),  # somebody deployed
        (
            9,
            "api-new",
            False,
        ),  # ended, and somebody undid it, with the annotation that the ReplicaSet had kept
        (9, "api-old", False),
    ],
)
def test_it_holds_until_something_else_is_deployed(number: int, set_name: str, holds: bool) -> None:
    assert BEGUN.holds(deployment(number), runs(set_name)) is holds


def test_what_is_not_ours_says_nothing() -> None:
    assert intent_of(deployment(7)) == BEGUN
    assert intent_of({"metadata": {"annotations": {ANNOTATION: "yes"}}}) is None
    assert intent_of({"metadata": {}}) is None
