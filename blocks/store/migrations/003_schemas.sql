-- The schema of each application at each version, as it was seen: what a way down must land on.
CREATE TABLE schemas (
    application text        NOT NULL,
    version     text        NOT NULL,
    body        jsonb       NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, version)
);
