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
├── UnknownPart               the platform has no such part to take back alone (exit 2)
├── UnknownRemedy             `doctor` has no such remedy (exit 2)
├── NotInCluster              a Kubernetes object that is not there
├── RolloutStalled            new pods of a Deployment that do not become ready
├── CommandFailed             a program ended badly, or did not end
├── Unreachable               a machine, server or socket did not answer (retryable)
│   ├── NotPermitted          a file or folder of this host that this user may not use (not retryable)
│   │   ├── NotLoggedIn       a cluster that does not take this credential (401)
│   │   ├── KubeconfigUnusable  no kubeconfig, or none that says who we are in which cluster
│   │   ├── ClusterUntrusted  a cluster whose certificate the kubeconfig's CA did not sign
│   │   └── ClusterForbids    a cluster whose Role does not allow it (403)
│   ├── ClusterUnavailable    the API server of a Kubernetes cluster
│   ├── EngineUnavailable     the Docker engine
│   ├── ToldToWait            a service that takes no more for now, and says for how long
│   ├── UntrustedHost         a machine with an ssh key that is not known (not retryable)
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
├── SwitchUnclear             a switch was asked for, and whether it takes place cannot be told
├── LostLock                  another run took the application over
├── EvidenceNotKept           evidence could not be written; nothing was changed
├── VerificationFailed        traffic is on the target, and it does not serve well
├── NotPrepared               a release cannot take the place of the one that serves; nothing was changed
├── NotInstalled              a new release is not in its slot; what serves was not touched
├── CanaryFailed              a step of a deploy is bad; traffic goes back
├── GateClosed                no yes at a gate of a deploy; traffic goes back
├── CanaryInterrupted         a deploy was cut off while traffic was shared out; it goes back
├── CanaryLeft                its canary could not be ended by the run that went before it
├── InTheWay                  another run has the application, and a deploy goes before nobody
├── RestartFailed             what serves was restarted in place, and is not healthy
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
    NotPrepared,
    NotReady,
    RestartFailed,
    SwitchUnclear,
    VerificationFailed,
)
from domain.errors.base import BackoutError
from domain.errors.clusters import (
    ClusterForbids,
    ClusterUnavailable,
    ClusterUntrusted,
    KubeconfigUnusable,
    NotInCluster,
    NotLoggedIn,
    RolloutStalled,
)
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
from domain.errors.deploying import (
    CanaryFailed,
    CanaryInterrupted,
    CanaryLeft,
    GateClosed,
    InTheWay,
    NotInstalled,
)
from domain.errors.machines import (
    Busy,
    CommandFailed,
    EngineUnavailable,
    NotPermitted,
    PrefectUnavailable,
    StoreUnavailable,
    ToldToWait,
    Unreachable,
    UntrustedHost,
)
from domain.errors.unforeseen import Unforeseen
from domain.errors.unknown import (
    UnknownApplication,
    UnknownIncident,
    UnknownPart,
    UnknownRelease,
    UnknownRemedy,
    UnknownSlot,
)

__all__ = [
    "BackoutError",
    "BackupFailed",
    "BackupUnusable",
    "Busy",
    "CanaryFailed",
    "CanaryInterrupted",
    "CanaryLeft",
    "ChannelRefused",
    "ClusterForbids",
    "ClusterUnavailable",
    "ClusterUntrusted",
    "CommandFailed",
    "ConfigurationError",
    "Conflict",
    "ConnectionsRemain",
    "DataLossNotAccepted",
    "DatabaseUnreachable",
    "Drift",
    "EngineUnavailable",
    "EvidenceNotKept",
    "ExportFailed",
    "GateClosed",
    "InTheWay",
    "JournalBroken",
    "KubeconfigUnusable",
    "LostLock",
    "MigrationRunning",
    "MissingSecret",
    "NoDownStep",
    "NotAllowed",
    "NotInCluster",
    "NotInstalled",
    "NotLoggedIn",
    "NotPermitted",
    "NotPrepared",
    "NotReady",
    "NotRehearsed",
    "PrefectUnavailable",
    "ProgramUnfit",
    "RestartFailed",
    "RestoreFailed",
    "RolloutStalled",
    "SchemaDirty",
    "StepFailed",
    "StoreUnavailable",
    "SwapRefused",
    "SwitchUnclear",
    "ToldToWait",
    "Unforeseen",
    "UnknownApplication",
    "UnknownIncident",
    "UnknownKind",
    "UnknownPart",
    "UnknownRelease",
    "UnknownRemedy",
    "UnknownSlot",
    "UnknownVersion",
    "Unreachable",
    "UntrustedHost",
    "VerificationFailed",
]
