DROP INDEX IF EXISTS idx_notes_department;
DROP INDEX IF EXISTS idx_notes_year;
DROP INDEX IF EXISTS idx_notes_uploaded_at;
