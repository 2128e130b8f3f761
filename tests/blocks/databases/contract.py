"""What every database must do. A test class subclasses it and gives `adapter`, `unreachable` and `migrate`."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from blocks.databases.contract import Database
from domain.findings import Verdict, all_ok, fails_alike


class DatabaseContract:
    """Fixtures of the subclass.

    `adapter`: a database that answers and has no migrations yet. `unreachable`: one that nobody listens for.
    `migrate`: records these versions as applied, in this order, each call starting anew.
    """

    def test_one_that_answers_is_ok(self, adapter: Database) -> None:
        assert all_ok(adapter.observe())

    def test_says_how_many_connections_it_has(self, adapter: Database) -> None:
        (finding,) = [finding for finding in adapter.observe() if finding.name == "connections"]
        assert finding.unit == "%"
        assert finding.value is not None
        assert 0 < finding.value <= 100

    def test_an_unreachable_one_is_a_bad_finding_and_no_error(self, unreachable: Database) -> None:
        findings = unreachable.observe()
        assert [finding.verdict for finding in findings] == [Verdict.BAD, Verdict.NO_DATA]
        assert findings[0].symptom == "refused"
        assert fails_alike(findings, unreachable.observe()) == ["database: refused"]

    def test_no_version_where_it_does_not_answer(self, unreachable: Database) -> None:
        assert unreachable.schema_version() is None

    def test_no_version_where_it_keeps_no_record(self, adapter: Database) -> None:
        assert adapter.schema_version() is None

    @pytest.mark.parametrize("versions", [["1", "2"], ["9", "10"], ["10", "9"], ["20260102", "20251231"]])
    def test_the_version_is_the_newest(
        self, adapter: Database, migrate: Callable[[list[str]], None], versions: list[str]
    ) -> None:
        migrate(versions)
        assert adapter.schema_version() == max(versions, key=int)

    def test_no_version_where_nothing_is_applied(
        self, adapter: Database, migrate: Callable[[list[str]], None]
    ) -> None:
        migrate([])
        assert adapter.schema_version() is None

    def test_an_unknown_key_raises(self, adapter: Database) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            type(adapter).model_validate({**adapter.model_dump(), "colour": "red"})
