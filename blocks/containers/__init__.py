"""Containers of a Docker engine: what they are now, what they say, and what they use."""
