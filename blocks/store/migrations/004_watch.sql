-- What the watch's windows hold, so that a restart loses none. `clock`: seconds on the watch's own clock, which never jumps.
CREATE TABLE watch_samples (
    application text             NOT NULL,
    clock       double precision NOT NULL,
    at          timestamptz      NOT NULL,
    finding     json             NOT NULL,
    release     text             NOT NULL
);
CREATE INDEX watch_samples_by_clock ON watch_samples (clock);

CREATE TABLE watch_firings (
    application text             NOT NULL,
    trigger     text             NOT NULL,
    clock       double precision NOT NULL,
    over        boolean          NOT NULL, -- true: what fired is over since `clock`, and what was seen till then counts no more
    PRIMARY KEY (application, trigger)
);

CREATE TABLE watch_baselines (
    application text             NOT NULL,
    measure     text             NOT NULL,
    release     text             NOT NULL,
    value       double precision NOT NULL,
    windows     integer          NOT NULL,
    noted_at    timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (application, measure, release)
);

-- A warning is told, and belongs to no incident.
ALTER TABLE outbox ALTER COLUMN incident DROP NOT NULL;
