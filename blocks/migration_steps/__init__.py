"""What the migration adapters stand on: SQL scripts, the record of what is applied, the lock, and child processes."""
