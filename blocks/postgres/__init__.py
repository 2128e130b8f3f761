"""PostgreSQL's own means, for the application's database: its programs, catalogs, and renames."""
