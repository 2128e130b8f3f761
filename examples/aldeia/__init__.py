"""Aldeia: a git checkout run with Docker Compose, with a backend, a front end and PostgreSQL."""
