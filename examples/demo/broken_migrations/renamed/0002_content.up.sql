-- What an old release reads is gone at once: it should have stayed until nobody runs that release any more.
ALTER TABLE entries RENAME COLUMN body TO content;
