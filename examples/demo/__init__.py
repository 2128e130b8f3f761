"""The demo: a blue/green journal application behind Caddy, and the faults that a bad release brings."""
