-- The type of the title is forgotten: this lands on a schema that no release ever ran on.
ALTER TABLE entries RENAME COLUMN content TO body;
