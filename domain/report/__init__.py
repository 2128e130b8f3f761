"""The incident report: facts from the journal, rendered by a runbook's layout, with a picture of the time line."""
