ALTER TABLE messages RENAME COLUMN reply TO answer;
