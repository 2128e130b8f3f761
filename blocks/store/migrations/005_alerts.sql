-- Alerts as the gateway took them in: what became of each, so that one sent twice is one, and a storm is one incident.
CREATE TABLE alerts (
    id          uuid        PRIMARY KEY, -- of its Prefect event
    application text        NOT NULL,
    result      text        NOT NULL,
    received    jsonb       NOT NULL,
    detection   text,                    -- what its run reads
    run         text,                    -- the run that read it
    incident    text,
    taken_at    timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz              -- since when Prefect has the event
);
CREATE INDEX alerts_started ON alerts (application, taken_at) WHERE result = 'started';
CREATE INDEX alerts_loose ON alerts (taken_at) WHERE incident IS NULL AND result IN ('started', 'grouped');
