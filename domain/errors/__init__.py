"""Every error Backout raises on purpose.

BackoutError
├── ConfigurationError        a document that cannot be used (exit 2)
│   ├── UnknownKind           an adapter that does not exist
│   ├── MissingSecret         a ${NAME} that nothing provides
│   └── Drift                 the block differs from what was applied (exit 1)
├── UnknownApplication        nothing was applied under this name (exit 2)
├── UnknownIncident           no incident has this id (exit 2)
├── UnknownRelease            no slot, or no record, holds this release (exit 2)
├── UnknownSlot               the platform has no such slot
├── CommandFailed             a program ended badly, or did not end
├── Unreachable               a machine, server or socket did not answer (retryable)
│   ├── NotPermitted          a file or folder of this host that this user may not use (not retryable)
│   ├── StoreUnavailable      the store's PostgreSQL
│   ├── PrefectUnavailable    Prefect's API
│   └── DatabaseUnreachable   the application's database
├── ProgramUnfit              a program of PostgreSQL is missing or too old (exit 2)
├── BackupFailed              no backup was made; nothing was changed
├── BackupUnusable            a backup is broken
├── RestoreFailed             the new database is not what it should be; the one in use is untouched
├── ConnectionsRemain         sessions do not leave the database (retryable)
├── SwapRefused               two databases cannot change names; neither was touched
├── SchemaDirty               a migration broke off half-way
├── MigrationRunning          another migration holds the lock (retryable)
├── NoDownStep                there is no way down from a version
├── NotRehearsed              there was no clone to rehearse on
├── UnknownVersion            a schema's version that is not there to go to (exit 2)
├── StepFailed                a migration's step failed
├── ExportFailed              rows that only the database swapped out holds were not written to files
├── DataLossNotAccepted       rows would be lost that nobody agreed to lose
├── Busy                      another process of this host keeps its turn (retryable)
├── Conflict                  somebody else changed it in between
├── LostLock                  another run took the application over
├── EvidenceNotKept           evidence could not be written; nothing was changed
├── VerificationFailed        traffic is on the target, and it does not serve well
├── NotReady                  the database was changed, and the code could not follow
├── ChannelRefused            a channel will never take this message
├── NotAllowed                this person may not answer, or not in this way
├── Unforeseen                what nobody expected; a defect
└── JournalBroken             the record was changed, cut or has a gap
"""

from domain.errors.acting import (
    ChannelRefused,
    Conflict,
    EvidenceNotKept,
    JournalBroken,
    LostLock,
    NotAllowed,
    NotReady,
    VerificationFailed,
)
from domain.errors.base import BackoutError
from domain.errors.configuration import ConfigurationError, Drift, MissingSecret, UnknownKind
from domain.errors.databases import (
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
from domain.errors.machines import (
    Busy,
    CommandFailed,
    NotPermitted,
    PrefectUnavailable,
    StoreUnavailable,
    Unreachable,
)
from domain.errors.unforeseen import Unforeseen
from domain.errors.unknown import UnknownApplication, UnknownIncident, UnknownRelease, UnknownSlot

__all__ = [
    "BackoutError",
    "BackupFailed",
    "BackupUnusable",
    "Busy",
    "ChannelRefused",
    "CommandFailed",
    "ConfigurationError",
    "Conflict",
    "ConnectionsRemain",
    "DataLossNotAccepted",
    "DatabaseUnreachable",
    "Drift",
    "EvidenceNotKept",
    "ExportFailed",
    "JournalBroken",
    "LostLock",
    "MigrationRunning",
    "MissingSecret",
    "NoDownStep",
    "NotAllowed",
    "NotPermitted",
    "NotReady",
    "NotRehearsed",
    "PrefectUnavailable",
    "ProgramUnfit",
    "RestoreFailed",
    "SchemaDirty",
    "StepFailed",
    "StoreUnavailable",
    "SwapRefused",
    "Unforeseen",
    "UnknownApplication",
    "UnknownIncident",
    "UnknownKind",
    "UnknownRelease",
    "UnknownSlot",
    "UnknownVersion",
    "Unreachable",
    "VerificationFailed",
]
