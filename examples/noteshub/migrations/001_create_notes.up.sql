CREATE TABLE notes (
    id serial PRIMARY KEY,
    title text NOT NULL,
    department text NOT NULL,
    year integer NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);
