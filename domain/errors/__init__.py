"""Every error Backout raises on purpose.

BackoutError
├── ConfigurationError        a document that cannot be used (exit 2)
│   ├── UnknownKind           an adapter that does not exist
│   ├── MissingSecret         a ${NAME} that nothing provides
│   └── Drift                 the block differs from what was applied (exit 1)
├── UnknownApplication        nothing was applied under this name (exit 2)
├── UnknownIncident           no incident has this id (exit 2)
├── UnknownRelease            no slot and no record holds this release
├── UnknownSlot               the platform has no such slot
├── CommandFailed             a program ended badly, or did not end
├── Unreachable               a machine, server or socket did not answer (retryable)
│   ├── StoreUnavailable      the store's PostgreSQL
│   └── PrefectUnavailable    Prefect's API
├── Busy                      another process of this host keeps its turn (retryable)
├── Conflict                  somebody else changed it in between
├── LostLock                  another run took the application over
├── EvidenceNotKept           evidence could not be written; nothing was changed
├── VerificationFailed        traffic is on the target, and it does not serve well
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
    VerificationFailed,
)
from domain.errors.base import BackoutError
from domain.errors.configuration import ConfigurationError, Drift, MissingSecret, UnknownKind
from domain.errors.machines import Busy, CommandFailed, PrefectUnavailable, StoreUnavailable, Unreachable
from domain.errors.unforeseen import Unforeseen
from domain.errors.unknown import UnknownApplication, UnknownIncident, UnknownRelease, UnknownSlot

__all__ = [
    "BackoutError",
    "Busy",
    "ChannelRefused",
    "CommandFailed",
    "ConfigurationError",
    "Conflict",
    "Drift",
    "EvidenceNotKept",
    "JournalBroken",
    "LostLock",
    "MissingSecret",
    "NotAllowed",
    "PrefectUnavailable",
    "StoreUnavailable",
    "Unforeseen",
    "UnknownApplication",
    "UnknownIncident",
    "UnknownKind",
    "UnknownRelease",
    "UnknownSlot",
    "Unreachable",
    "VerificationFailed",
]
