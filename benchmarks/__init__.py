"""Measurements: what Backout costs and saves, beside the thing it is compared with."""
