"""Slack's buttons: what is drawn, what comes back, and whether it came from Slack."""
