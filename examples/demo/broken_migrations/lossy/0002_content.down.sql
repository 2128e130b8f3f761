-- What people wrote about their mood is in this column only.
ALTER TABLE entries DROP COLUMN mood;
ALTER TABLE entries RENAME COLUMN content TO body;
