"""One direction of a migration: its statements, and whether they can run in one transaction."""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

from blocks.migration_steps.statements import Statement, statements

NO_TRANSACTION = re.compile(r"(?:--[^\n]*\n\s*)*?--\s*backout:\s*no-transaction\s*(\n|$)")
PASSWORD = re.compile(r"(\bPASSWORD\s+)E?'(?:[^'\\]|\\.|'')*'", re.IGNORECASE)
ALONE = {
    ("VACUUM",),
    ("ALTER", "SYSTEM"),
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
}
"""First words of what PostgreSQL refuses inside a transaction, beside what is done CONCURRENTLY."""


def without_passwords(text: str) -> str:
    """SQL that can be shown."""
    return PASSWORD.sub(r"\1'***'", text)


@dataclass(frozen=True)
class Script:
    """What one step runs.

    Attributes:
        text: the SQL as it stands in the file.
        source: the file.
        in_transaction: False where the file itself asks for none.
    """

    text: str
    source: str
    in_transaction: bool = True

    @cached_property
    def statements(self) -> list[Statement]:
        """All statements, with the file's own BEGIN and COMMIT."""
        return statements(self.text)

    @property
    def shown(self) -> str:
        """The SQL for people."""
        return without_passwords(self.text.strip())

    @property
    def digest(self) -> str:
        """Whether two scripts are the same."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def transactional(self) -> bool:
        """Whether a failure leaves nothing: nothing in it asks, needs or makes it to be in pieces."""
        asked = not self.in_transaction or NO_TRANSACTION.match(self.text.lstrip())
        if asked or any(needs_none(statement) for statement in self.statements):
            return False
        return not any(opens(statement) or ends(statement) for statement in self.body)

    @property
    def opening(self) -> str:
        """The statement that begins its transaction: the file's own, with its options, where it has one."""
        return self.statements[self._own[0]].text if self._own else "BEGIN"

    @property
    def body(self) -> list[Statement]:
        """The statements between BEGIN and COMMIT."""
        if not self._own:
            return self.statements
        return [statement for place, statement in enumerate(self.statements) if place not in self._own]

    @cached_property
    def _own(self) -> tuple[int, ...]:
        """Where the file's own BEGIN and COMMIT are, if they hold all of it; what it SETs before may be held too."""
        begin = next((place for place, statement in enumerate(self.statements) if opens(statement)), None)
        if begin is None or not commits(self.statements[-1]):
            return ()
        if any(statement.words[:1] != ("SET",) for statement in self.statements[:begin]):
            return ()
        return begin, len(self.statements) - 1


def opens(statement: Statement) -> bool:
    """Whether it begins a transaction."""
    return statement.words[:1] == ("BEGIN",) or statement.words[:2] == ("START", "TRANSACTION")


def commits(statement: Statement) -> bool:
    """Whether it commits one, and begins no other."""
    return statement.words[:1] in (("COMMIT",), ("END",)) and not {"CHAIN", "PREPARED"} & set(statement.words)


def ends(statement: Statement) -> bool:
    """Whether it ends a transaction in any way; going back to a savepoint does not."""
    first = statement.words[:1]
    if first == ("ROLLBACK",):
        return "TO" not in statement.words
    return first in (("COMMIT",), ("END",), ("ABORT",)) or statement.words[:2] == ("PREPARE", "TRANSACTION")


def needs_none(statement: Statement) -> bool:
    """Whether PostgreSQL refuses it inside a transaction."""
    concurrently = "CONCURRENTLY" in statement.words and statement.words[:1] != ("REFRESH",)
    makes = statement.words[:1] in (("CREATE",), ("DROP",), ("REINDEX",), ("ALTER",))
    return (concurrently and makes) or statement.words[:1] in ALONE or statement.words[:2] in ALONE
