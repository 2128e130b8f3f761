ALTER TABLE entries RENAME COLUMN content TO body;
