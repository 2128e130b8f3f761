"""Faults that a drill injects into what runs: each reversible, each with a deadline after which it undoes itself."""
