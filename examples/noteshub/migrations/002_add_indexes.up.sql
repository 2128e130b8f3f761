CREATE INDEX idx_notes_department ON notes (department);
CREATE INDEX idx_notes_year ON notes (year);
CREATE INDEX idx_notes_uploaded_at ON notes (uploaded_at);
