"""One example of each error of the database, with the words that it must say."""

from domain.errors import (
    BackoutError,
    BackupFailed,
    BackupUnusable,
    ConnectionsRemain,
    DatabaseUnreachable,
    DataLossNotAccepted,
    ExportFailed,
    MigrationRunning,
    NoDownStep,
    NotRehearsed,
    ProgramUnfit,
    RestoreFailed,
    SchemaDirty,
    StepFailed,
    SwapRefused,
    UnknownVersion,
)

EXAMPLES: list[tuple[BackoutError, list[str]]] = [
    (
        DatabaseUnreachable(what_it_is="database", address="db:5432/shop", why="refused"),
        ["db:5432/shop", "refused"],
    ),
    (ProgramUnfit(program="pg_dump", found="/usr/bin/pg_dump 15.1", needs="18"), ["pg_dump", "15.1", "18"]),
    (ProgramUnfit(program="pg_dump", found="", needs="18"), ["was not found"]),
    (BackupFailed(database="shop", why="no space left"), ["shop", "no space left", "nothing was changed"]),
    (BackupUnusable(backup="shop-manual-1", problems=["toc.dat is missing"]), ["shop-manual-1", "toc.dat"]),
    (
        RestoreFailed(backup="shop-manual-1", into="shop__restore_1", problems=["users has 1 of 2 rows"]),
        ["shop-manual-1", "shop__restore_1", "1 of 2 rows", "untouched"],
    ),
    (ConnectionsRemain(database="shop", sessions=["root@local (pid 7)"]), ["shop", "pid 7", "unchanged"]),
    (SwapRefused(database="shop", why=["a prepared transaction"]), ["shop", "a prepared transaction"]),
    (SchemaDirty(database="shop", version="0003", how="broke off"), ["shop", "0003", "broke off"]),
    (MigrationRunning(database="shop", holder="pid 7"), ["shop", "pid 7", "nothing was changed"]),
    (NoDownStep(version="0003", looked="/srv/migrations"), ["0003", "/srv/migrations"]),
    (UnknownVersion(version="0009", known=["0001"], where="the database"), ["0009", "0001"]),
    (
        StepFailed(version="0003", direction="down", why="no table t", left="0003 is applied"),
        ["0003", "down", "no table t", "0003 is applied"],
    ),
    (
        DataLossNotAccepted(rows=12, accepted=3, what_is_lost=["12 rows of public.users: column phone"]),
        ["12 rows", "column phone", "3 are accepted"],
    ),
    (
        ExportFailed(database="shop__kept_1", folder="/srv/evidence", why="no space left"),
        ["shop__kept_1", "/srv/evidence", "no space left", "still in it"],
    ),
    (NotRehearsed(database="shop", why="no right to create databases"), ["shop", "no right"]),
]
