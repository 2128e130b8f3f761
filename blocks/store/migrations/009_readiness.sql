-- What the last look found of each application, and what people were told of it.
CREATE TABLE readiness (
    application text PRIMARY KEY,
    body        jsonb NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);

-- The last rehearsal of each way down: whether it can be believed.
CREATE TABLE rehearsals (
    application  text NOT NULL,
    from_version text NOT NULL,
    to_version   text NOT NULL,
    body         jsonb NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, from_version, to_version)
);

-- Backups that were read whole: reading them again at each look would keep the disk busy. `files`: their sizes and times then.
CREATE TABLE backups_read (
    application text NOT NULL,
    name        text NOT NULL,
    files       text NOT NULL,
    problems    jsonb NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, name)
);

-- Channels that answered well: to log in at them at each look would be noise there. `settings`: a digest of them, without secrets.
CREATE TABLE channel_answers (
    application text NOT NULL,
    channel     text NOT NULL,
    settings    text NOT NULL,
    checkups    jsonb NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (application, channel)
);
