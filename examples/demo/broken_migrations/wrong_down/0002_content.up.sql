ALTER TABLE entries RENAME COLUMN body TO content;
ALTER TABLE entries ALTER COLUMN title TYPE varchar(200);
