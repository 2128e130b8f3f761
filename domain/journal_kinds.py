"""What an incident's journal says happened: one word or two for each kind of entry, and what the entry carries."""

from __future__ import annotations

from enum import StrEnum


class Happened(StrEnum):
    """The kinds of `domain.journal.Entry`; behind each, the keys of its `data`.

    Times are those of the entry. Models are kept as `model_dump(mode="json")` gives them.
    """

    OPENED = "opened"  # request
    JOINED = "joined"  # by
    ALERTED = "alerted"  # alerts, count: that came while the incident was open, or that are over
    SUPERSEDES = "superseded"  # incident, runs: the waiting one that this one went before
    TAKEN_OVER = "taken over"  # run, token, again (the run that had it went on), via
    SURVEYED = "surveyed"  # survey
    PLANNED = "planned"  # plan, situation, backout (the version that decided)
    ANNOUNCED = "announced"  # channels, early (before there was a plan)
    CONSENT_ASKED = "consent asked"  # deadline, plan (its digest), key, run, requester, path (whom to call), gate (share, said)
    CALLED = "called"  # who, reach, step: nobody had answered
    CODE_GIVEN = "code given"  # person, until: a one-time code for Prefect's form
    CODE_REFUSED = "code refused"  # name, form
    ANSWERED = "answered"  # approval
    INSTEAD = "started instead"  # what, run
    RESUMED = "resumed"
    PRESERVED = "preserved"  # files
    PREPARED = "prepared"  # slot, findings, said, healthy (False: it was not, and why), why
    ACT_STARTED = "act started"  # act
    ACT_DONE = "act done"  # act, seconds
    ACT_FAILED = "act failed"  # act, error, type (of the error)
    STUDIED = "studied"  # study
    BACKED_UP = "backed up"  # backup, path, rows
    APPLICATION_STOPPED = "application stopped"  # done, left (who is still connected to its database)
    APPLICATION_STARTED = "application started"  # done
    DATABASE_CHANGED = "database changed"  # action, from, to (schema versions), kept (a database), outage_s
    RESTORED_BESIDE = "restored beside"  # database, backup: what is swapped in to return a lossy way down
    DROPPED_BESIDE = "dropped beside"  # database: restored for this incident, and not swapped in
    DATABASE_RETURNED = "database returned"  # how, error
    SCHEMA_LEFT = "schema left"  # what: what became of a deploy's migrations when its release went back
    EXPORTED = "exported"  # tables, folder: rows written since the backup
    TURNED_OFF = "turned off"  # part, receipt: a feature, before a release goes back
    LOOKED_AGAIN = (
        "looked again"  # findings, health (its name), helped, why: what users have with the feature off
    )
    RESTARTING = "restarting"  # slot, instances (each with its mark): what is about to be restarted
    RESTARTED = "restarted"  # slot, instances (their names)
    VALIDATED = "validated"  # findings, ok: what must pass before a deploy
    MIGRATED_UP = "migrated up"  # versions, schema
    INSTALLED = "installed"  # slot, release
    WAY_BACK = "way back kept"  # slot, release, kept (one line each): before another release takes its place
    SAMPLED = "sampled"  # requests, errors, seconds (of each answer): of what serves, before it is replaced
    GATE_CLOSED = "gate closed"  # share, ruling, why: no yes to more traffic for a deploy
    SHIFTED = "shifted"  # shares, receipt: a step of a deploy
    JUDGED = "judged"  # share, verdict, said: how a step of a deploy went
    SWITCHED = "switched"  # receipt
    ALIGNED = "aligned"  # slot, done, left: files, targets, caches, services that name the active slot
    VERIFIED = "verified"  # slot, findings, ok, parts (what each runs now), health (the name of that signal)
    COMPARED = "compared again"  # findings, better, why: what users have, beside what the plan saw before
    WENT_BACK = "went back"  # receipt, error
    RECORDED = "recorded"  # release: what a deploy's is made of
    REPORTED = "reported"  # path
    WATCH_STARTED = "watch started"  # until
    WATCH_SAMPLE = "watch sample"  # findings
    WATCH_ENDED = "watch ended"  # ok, why
    ROLLBACK_STARTED = "rollback started"  # run, reason: the watch takes a deploy back
    COMMITTED = "committed"  # release, since, until, pinned: it was seen to serve well all that time
    KEPT_WARM = "kept warm"  # slot, release, until: the release before a deploy
    DECOMMISSIONED = "decommissioned"  # slot, release, stopped, why (it was not)
    FOLLOW_UPS = "follow-ups scheduled"  # due: step -> when
    LOOKED_AFTER = "looked after"  # step, findings, serving, release: what a follow-up saw
    FOLLOWED_UP = "followed up"  # step, channels, open (keys of the checklist's items), newer (incident), off
    TICKED = "ticked"  # item (its key), text, by, note: what a person knows of the checklist after a rollback
    QUARANTINED = "quarantined"  # release: a deploy's, that was seen to be bad
    QUARANTINE_LIFTED = "quarantine lifted"  # release, by, answers (key of the checklist -> yes), note
    TOLD = "told"  # field of TOLD_BY_PEOPLE -> text
    MESSAGE_WAITS = "message waits"  # channel, title: written while the store was away
    MESSAGE_FAILED = "message failed"  # channel, why
    MESSAGE_SENT = "message sent"  # channel, thread
    ENDING = "ending"  # outcome, why, put_off: what is left is to settle, and (later, where put off) to report and tell
    CLOSED = "closed"  # outcome
    RECONCILED = "reconciled"  # from (the local journal it was read from)
