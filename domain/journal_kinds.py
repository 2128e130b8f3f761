"""What an incident's journal says happened: one word or two for each kind of entry, and what the entry carries."""

from __future__ import annotations

from enum import StrEnum


class Happened(StrEnum):
    """The kinds of `domain.journal.Entry`; behind each, the keys of its `data`.

    Times are those of the entry. Models are kept as `model_dump(mode="json")` gives them.
    """

    OPENED = "opened"  # request
    JOINED = "joined"  # by
    SUPERSEDES = "superseded"  # incident, runs: the waiting one that this one went before
    TAKEN_OVER = "taken over"  # run, token, again (the run that had it went on), via
    SURVEYED = "surveyed"  # survey
    PLANNED = "planned"  # plan, situation
    ANNOUNCED = "announced"  # channels
    CONSENT_ASKED = "consent asked"  # deadline, plan (its digest)
    ANSWERED = "answered"  # approval
    RESUMED = "resumed"
    PRESERVED = "preserved"  # files
    PREPARED = "prepared"  # slot, findings
    ACT_STARTED = "act started"  # act
    ACT_DONE = "act done"  # act, seconds
    ACT_FAILED = "act failed"  # act, error, type (of the error)
    STUDIED = "studied"  # study
    BACKED_UP = "backed up"  # backup, path, rows
    DATABASE_CHANGED = "database changed"  # action, from, to (schema versions), kept (a database), outage_s
    RESTORED_BESIDE = "restored beside"  # database, backup: what is swapped in to return a lossy way down
    DATABASE_RETURNED = "database returned"  # how, error
    EXPORTED = "exported"  # tables, folder: rows written since the backup
    SWITCHED = "switched"  # receipt
    VERIFIED = "verified"  # slot, findings, ok
    WENT_BACK = "went back"  # receipt, error
    REPORTED = "reported"  # path
    WATCH_STARTED = "watch started"  # until
    WATCH_SAMPLE = "watch sample"  # findings
    WATCH_ENDED = "watch ended"  # ok, why
    TOLD = "told"  # field of TOLD_BY_PEOPLE -> text
    MESSAGE_WAITS = "message waits"  # channel, title: written while the store was away
    MESSAGE_FAILED = "message failed"  # channel, why
    MESSAGE_SENT = "message sent"  # channel, thread
    ENDING = "ending"  # outcome, why, put_off: what is left is to settle, and (later, where put off) to report and tell
    CLOSED = "closed"  # outcome
    RECONCILED = "reconciled"  # from (the local journal it was read from)
