from pathlib import Path
from typing import Any

from deployments.prefect_api import PrefectApi
from deployments.target_choice import FIELD, offer_targets, within_reach
from domain.release import Release
from domain.request import HOTFIX, LAST_GOOD
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Stage

__all__ = ["stage", "store_url"]

APP = "shop/production"


def release(version: str, slot: str | None, *, quarantined_by: str | None = None) -> Release:
    return Release(application=APP, version=version, slot=slot, quarantined_by=quarantined_by)


def test_what_the_slots_hold_is_offered_newest_first() -> None:
    assert within_reach([release("2.0", "green"), release("1.0", "blue")]) == ["2.0", "1.0"]


def test_what_a_later_release_has_replaced_is_not() -> None:
    assert within_reach([release("3.0", "blue"), release("2.0", "green"), release("1.0", "blue")]) == [
        "3.0",
        "2.0",
    ]


def test_a_release_in_quarantine_is_not_offered_and_still_has_its_slot() -> None:
    bad = release("2.0", "green", quarantined_by="20261122-000000-shop-production-0000")
    assert within_reach([bad, release("1.0", "blue"), release("0.9", "green")]) == ["1.0"]


def test_a_release_whose_slot_nobody_named_is_offered() -> None:
    assert within_reach([release("2.0", None), release("1.0", None)]) == ["2.0", "1.0"]


class Forms(PrefectApi):
    """A Prefect whose deployments all ask for a release, in a field of text."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1/api")
        self.fields: dict[str, dict[str, Any]] = {}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        name = path.rpartition("/")[2]
        if method == "GET":
            schema = {"properties": {FIELD: self.fields.setdefault(name, {"type": "string"})}}
            return {"id": name, "parameter_openapi_schema": schema}
        assert body is not None
        self.fields[name] = body["parameter_openapi_schema"]["properties"][FIELD]
        return None


def test_what_served_is_offered_and_a_tag_or_commit_can_be_typed(stage: Stage, tmp_path: Path) -> None:
    with stage.scene(tmp_path).installation() as here, Forms() as api:
        offer_targets(here, api)
        known, another = api.fields["rollback"]["anyOf"]
    assert known["enum"] == [LAST_GOOD]
    assert another == {"type": "string", "title": "another"}
    assert HOTFIX not in api.fields, "a fix has not served yet: there is nothing to choose from"
