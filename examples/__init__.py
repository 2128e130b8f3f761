"""Runnable examples: what Backout looks like on one stack each."""
