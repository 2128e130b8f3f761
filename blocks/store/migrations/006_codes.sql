-- One-time codes that make an answer in Prefect's form a proven one. Only a keyed hash is kept: the key is not in here.
CREATE TABLE codes (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text        NOT NULL REFERENCES incidents (id),
    plan     text        NOT NULL,
    person   text        NOT NULL,
    hash     bytea       NOT NULL,
    until    timestamptz NOT NULL,
    wrong    integer     NOT NULL DEFAULT 0,
    used_for text -- the request's key: a run that is started again may read its own form once more
);
CREATE INDEX codes_of_request ON codes (incident, plan);
