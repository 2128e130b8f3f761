-- Breaks every release that came before: they ask for `body`.
ALTER TABLE entries RENAME COLUMN body TO content;
