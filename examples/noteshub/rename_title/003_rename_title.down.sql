ALTER TABLE notes RENAME COLUMN heading TO title;
