"""The runbooks' systems, end to end on their real engines."""
