"""In what order, with whose consent? One runbook a file."""
