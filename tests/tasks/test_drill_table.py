"""The checklist of a drill as Prefect's table."""

from datetime import UTC, datetime

from domain.drill import Drill, Item
from tasks.drill_report import table


def test_each_column_has_a_name_and_each_line_its_mark() -> None:
    items = [Item(name=str(done), done=done, said="seen") for done in (True, False, None)]
    drill = Drill(
        id="drill-1",
        application="shop/staging",
        run="run-1",
        fault="errors",
        until=datetime.now(UTC),
        checklist=items,
    )
    rows = table(drill)
    assert [row["done"] for row in rows] == ["yes", "no", "not seen"]
    assert all(name for row in rows for name in row)
