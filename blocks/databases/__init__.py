"""Databases: what the releases share. One file a kind; `contract.py` says what each promises."""
