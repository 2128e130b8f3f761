ALTER TABLE entries RENAME COLUMN body TO content;
ALTER TABLE entries ADD COLUMN mood text;
