-- The journal's JSON is kept as text (json, not jsonb): its HMAC is over exactly what was written.
CREATE TABLE incidents (
    id          text PRIMARY KEY,
    application text NOT NULL,
    request     json NOT NULL,
    opened_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    plan        json,
    outcome     text,
    told        jsonb NOT NULL DEFAULT '{}',
    report      text
);
CREATE INDEX incidents_by_application ON incidents (application, opened_at DESC);

CREATE TABLE runs (
    run      text PRIMARY KEY,
    incident text NOT NULL REFERENCES incidents (id),
    joined   boolean NOT NULL DEFAULT false -- true: another run's incident, which this one only follows
);

CREATE TABLE locks (
    application text PRIMARY KEY,
    incident    text REFERENCES incidents (id),
    token       bigint NOT NULL DEFAULT 0,
    phase       text NOT NULL DEFAULT 'acting',
    until       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE journal (
    incident text NOT NULL REFERENCES incidents (id),
    seq      integer NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    data     json NOT NULL,
    previous text NOT NULL,
    mac      text NOT NULL,
    PRIMARY KEY (incident, seq)
);

CREATE TABLE heads (
    incident text PRIMARY KEY REFERENCES incidents (id),
    seq      integer NOT NULL,
    mac      text NOT NULL
);

CREATE TABLE releases (
    application    text NOT NULL,
    version        text NOT NULL,
    record         json NOT NULL,
    recorded_at    timestamptz NOT NULL,
    served_since   timestamptz,
    quarantined_by text,
    PRIMARY KEY (application, version)
);

CREATE TABLE approvals (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident text NOT NULL REFERENCES incidents (id),
    body     json NOT NULL
);

CREATE TABLE detections (
    id          text PRIMARY KEY,
    application text NOT NULL,
    findings    json NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE outbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL,
    channel  text NOT NULL,
    incident text NOT NULL REFERENCES incidents (id),
    message  json NOT NULL,
    due      timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    sent_at  timestamptz,
    failed   text,
    UNIQUE (key, channel)
);
CREATE INDEX outbox_waiting ON outbox (due) WHERE sent_at IS NULL AND failed IS NULL;

CREATE TABLE threads (
    incident  text NOT NULL REFERENCES incidents (id),
    channel   text NOT NULL,
    reference text NOT NULL,
    PRIMARY KEY (incident, channel)
);

CREATE TABLE configurations (
    application text PRIMARY KEY,
    document    json NOT NULL,
    digest      text NOT NULL,
    source      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    applied_by  text NOT NULL
);
