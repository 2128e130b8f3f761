-- Who took a release out of quarantine, and what they confirmed. The incident's journal has the same: this one is asked by release.
CREATE TABLE lifts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application text NOT NULL,
    release     text NOT NULL,
    incident    text NOT NULL,
    body        jsonb NOT NULL
);
CREATE INDEX lifts_of_application ON lifts (application, id DESC);
