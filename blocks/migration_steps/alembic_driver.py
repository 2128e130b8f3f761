"""Runs Alembic by its library, in the interpreter that has the application's packages; started as a script.

It reads its order as one line of JSON on its standard input, so that the address is in no argument list, and writes events
as lines of JSON to its standard output. Whatever `env.py` prints goes to the error output. It stands alone: that
interpreter need not have Backout.
"""

import ast
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HELD = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND ((classid::bigint << 32) | objid::bigint) = {key:d}"
)


class Refused(Exception):
    """The order cannot be done. `event`: what the other side is told."""

    def __init__(self, **event: Any) -> None:
        super().__init__(event)
        self.event = event


class Driver:
    """One order: `status`, `plan`, `down` or `up`."""

    def __init__(self, order: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        self.order, self.tell = order, tell
        self.config = Config(order["config"], ini_section=order["section"])
        if order["script_location"]:
            self.config.set_main_option("script_location", order["script_location"].replace("%", "%%"))
        self.config.set_main_option("sqlalchemy.url", order["url"].replace("%", "%%"))
        self.script = ScriptDirectory.from_config(self.config)

    def run(self) -> None:
        """Do what was ordered."""
        getattr(self, self.order["action"])()

    def status(self) -> None:
        heads = self._heads()
        known = self._known(heads)
        self.tell(
            {
                "applied": self._applied(known) + [head for head in heads if head not in known],
                "pending": [step.revision.revision for step in self._upgrades("heads", known)],
                "unknown": [head for head in heads if head not in known],
            }
        )

    def plan(self) -> None:
        for step in self._checked_downs():
            self.tell({"step": self._described(step, self._offline(step))})

    def down(self) -> None:
        self._checked_downs()
        target = self._target()
        self._one_by_one(lambda heads: self._downs(target, heads))

    def up(self) -> None:
        target = self.order["to"] or "heads"
        if target != "heads" and not self._exists(target):
            every = [revision.revision for revision in self.script.walk_revisions()]
            raise Refused(unknown=target, known=every[::-1], where=self.script.dir)
        self._one_by_one(lambda heads: self._upgrades(target, heads))

    def _one_by_one(self, steps: Callable[[Sequence[str]], list[Any]]) -> None:
        """Each step in a run of `env.py`, so that each is one transaction with its record."""
        step = self._next(steps, None)
        while step is not None:
            step = self._next(steps, step)

    def _next(self, steps: Callable[[Sequence[str]], list[Any]], before: Any) -> Any:
        """Run the first of the steps that are left, and return it; None where none is left.

        The step before is told to be done when it is seen in the record: `env.py` commits, or forgets to.
        """
        taken: list[Any] = []

        def first(heads: Sequence[str]) -> list[Any]:
            found = steps(heads)[:1]
            if before and found and found[0].revision.revision == before.revision.revision:
                raise RuntimeError("env.py did not commit it: it is not in Alembic's record")
            if before:
                self.tell({"done": self._described(before)})
            for step in found:
                self.tell({"begun": self._described(step)})
            taken.extend(found)
            return found

        self._environment(first)
        return taken[0] if taken else None

    def _environment(self, steps: Callable[[Sequence[str]], list[Any]], **options: Any) -> None:
        from alembic.runtime.environment import EnvironmentContext

        def migrate(heads: Any, context: Any) -> list[Any]:
            if not context.as_sql:
                self._check_database(context.connection)
            return steps(heads if isinstance(heads, (tuple, list)) else (heads,) if heads else ())

        with EnvironmentContext(self.config, self.script, fn=migrate, **options):
            self.script.run_env()

    def _check_database(self, connection: Any) -> None:
        """An `env.py` with an address of its own would migrate the wrong database."""
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        key = self.order["lock"]
        held = key is None or connection.exec_driver_sql(HELD.format(key=key)).scalar()
        if name != self.order["database"] or not held:
            raise Refused(elsewhere=name)

    def _heads(self) -> list[str]:
        seen: list[str] = []

        def look(heads: Sequence[str]) -> list[Any]:
            seen.extend(heads)
            return []

        self._environment(look, dont_mutate=True)
        return seen

    def _known(self, heads: Sequence[str]) -> list[str]:
        return [head for head in heads if self._exists(head)]

    def _exists(self, revision: str) -> bool:
        from alembic.util import CommandError

        try:
            return self.script.get_revision(revision) is not None
        except CommandError:
            return False

    def _applied(self, heads: Sequence[str]) -> list[str]:
        return [step.revision.revision for step in reversed(self._downs("base", heads))]

    # As alembic.command does it; Alembic has no public name for these two.
    def _downs(self, target: str, heads: Sequence[str]) -> list[Any]:
        return list(self.script._downgrade_revs(target, tuple(heads))) if heads else []  # type: ignore[arg-type] # noqa: SLF001

    def _upgrades(self, target: str, heads: Sequence[str]) -> list[Any]:
        return list(self.script._upgrade_revs(target, tuple(heads)))  # type: ignore[arg-type] # noqa: SLF001

    def _target(self) -> str:
        target = self.order["to"]
        return str(self.script.get_revision(target).revision) if target else "base"

    def _checked_downs(self) -> list[Any]:
        """The steps, all of them with a way down."""
        heads, target = self._heads(), self.order["to"]
        known = self._known(heads)
        if len(known) < len(heads):
            raise Refused(
                no_down=next(head for head in heads if head not in known), looked=self.script.versions
            )
        applied = self._applied(known)
        if target and not (self._exists(target) and self._target() in applied):
            raise Refused(unknown=target, known=applied, where=f"database {self.order['database']}")
        steps = self._downs(self._target(), known)
        for step in steps:
            if not has_down(Path(step.revision.path)):
                raise Refused(no_down=step.revision.revision, looked=step.revision.path)
        return steps

    def _offline(self, step: Any) -> str:
        """Its SQL; empty where the step, or `env.py`, needs a connection to say it."""
        self.config.output_buffer = io.StringIO()
        options = {"as_sql": True, "starting_rev": step.revision.revision}
        try:
            self._environment(lambda _heads: [step], **options)
        except Exception as error:  # noqa: BLE001 - the step's own code runs here
            sys.stderr.write(f"no SQL of {step.revision.revision}: {error}\n")
            return ""
        return self.config.output_buffer.getvalue().strip()

    def _described(self, step: Any, statements: str = "") -> dict[str, Any]:
        file = Path(step.revision.path)
        return {
            "version": step.revision.revision,
            "name": step.revision.doc or "",
            "direction": "up" if step.is_upgrade else "down",
            "statements": statements,
            "transactional": "autocommit_block" not in file.read_text(encoding="utf-8"),
            "source": str(file),
        }


def has_down(file: Path) -> bool:
    """Whether a revision that does something has a way back that does something."""
    functions = {
        node.name: node.body
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    return _acts(functions.get("downgrade", [])) or not _acts(functions.get("upgrade", []))


def _acts(body: Sequence[ast.stmt]) -> bool:
    def is_text(node: ast.stmt) -> bool:
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

    acting = [node for node in body if not isinstance(node, ast.Pass) and not is_text(node)]
    return bool(acting) and not isinstance(acting[0], ast.Raise)


def said_by(error: BaseException) -> str:
    """What a database or Alembic said; never more than its first line, since the others quote rows and parameters."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{type(error).__name__}: {said[0] if said else ''}"


def main() -> int:
    """Exit code 0 where the order was done."""
    del sys.path[0]  # this folder, whose modules are not the application's
    order = json.loads(sys.stdin.readline())
    os.environ[order["variable"]] = order["url"]
    events = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    try:
        Driver(order, tell).run()
    except Refused as refused:
        tell({"refused": refused.event})
        return 1
    except Exception as error:  # noqa: BLE001 - the application's code runs here
        tell({"failed": said_by(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
