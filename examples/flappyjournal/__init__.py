"""FlappyJournal on Docker Compose: blue and green behind Caddy, with PostgreSQL and Prometheus."""
