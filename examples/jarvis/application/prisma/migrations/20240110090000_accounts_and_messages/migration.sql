CREATE TABLE accounts (
    email text PRIMARY KEY,
    salt text NOT NULL,
    password text NOT NULL
);
CREATE TABLE sessions (
    token text PRIMARY KEY,
    email text NOT NULL REFERENCES accounts ON DELETE CASCADE
);
CREATE TABLE messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL REFERENCES accounts ON DELETE CASCADE,
    text text NOT NULL,
    reply text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
