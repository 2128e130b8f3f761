-- Drills, past ones for the trend. One at a time an application.
CREATE TABLE drills (
    id text PRIMARY KEY,
    application text NOT NULL,
    run text NOT NULL UNIQUE,
    open boolean NOT NULL DEFAULT true,
    started_at timestamptz NOT NULL,
    data jsonb NOT NULL
);
CREATE UNIQUE INDEX drills_open ON drills (application) WHERE open;
CREATE INDEX drills_of_application ON drills (application, started_at DESC);
