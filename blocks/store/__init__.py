"""The store: PostgreSQL schema `backout` at `BACKOUT_DATABASE_URL`, migrated by its own numbered SQL."""

from blocks.store.ledger import Store

__all__ = ["Store"]
