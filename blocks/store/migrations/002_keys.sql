-- Which key each host must have: the start of its SHA-256. The keys themselves never come here.
CREATE TABLE keys (
    name        text PRIMARY KEY,
    fingerprint text NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT now()
);
