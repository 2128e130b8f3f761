"""Migrations: how a database's schema goes up and down. One file a kind; `contract.py` says what each promises."""
