from typing import Annotated, get_args

import pytest
from pydantic import BaseModel, SerializeAsAny, ValidationError

from blocks.adapter import FAMILIES, FOLDER, WrongKind, adapter_class, chosen_from, kinds
from blocks.routers.caddy_file import CaddyFile
from blocks.routers.contract import Router


class _Holder(BaseModel):
    router: Annotated[SerializeAsAny[Router], chosen_from("routers")]


ALL = [(family, kind) for family in FAMILIES for kind in kinds(family)]


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_the_files_name_is_the_kind(family: str, kind: str) -> None:
    found = adapter_class(family, kind)
    assert found.family == family
    assert get_args(found.model_fields["kind"].annotation) == (kind,)


@pytest.mark.parametrize(("family", "kind"), ALL)
def test_an_unknown_key_is_refused_by_each(family: str, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        adapter_class(family, kind).model_validate({"kind": kind, "no_such_key": 1})
    told = [(problem["loc"], problem["type"]) for problem in refused.value.errors()]
    assert (("no_such_key",), "extra_forbidden") in told


@pytest.mark.parametrize(
    "kind", ["haproxy", "contract", "__init__", "../platforms/processes", "", None, 3, ["caddy_file"]]
)
def test_an_unknown_kind_is_told_with_those_that_exist(kind: object) -> None:
    with pytest.raises(ValidationError, match="caddy_admin, caddy_file"):
        _Holder.model_validate({"router": {"kind": kind, "address": "http://127.0.0.1:1"}})


def test_a_missing_kind_is_no_default() -> None:
    with pytest.raises(ValidationError, match="kind None is not one of the routers"):
        _Holder.model_validate({"router": {"address": "http://127.0.0.1:1"}})


def test_nothing_is_imported_for_a_kind_that_is_no_file() -> None:
    with pytest.raises(WrongKind):
        adapter_class("routers", "os.path")


def test_kinds_are_the_files_of_the_folder() -> None:
    files = {path.stem for path in (FOLDER / "routers").glob("*.py")}
    assert set(kinds("routers")) == files - {"__init__", "contract"}


def test_a_settings_entry_becomes_its_adapter_and_an_adapter_stays() -> None:
    entry = {"kind": "caddy_file", "file": "/run/active", "address": "http://127.0.0.1:1/"}
    chosen = _Holder.model_validate({"router": entry}).router
    assert isinstance(chosen, CaddyFile)
    assert chosen.address == "http://127.0.0.1:1"
    assert _Holder.model_validate({"router": chosen}).router is chosen
