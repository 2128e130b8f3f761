CREATE TABLE users (
    id serial PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    county text NOT NULL,
    salt text NOT NULL,
    password text NOT NULL
)
