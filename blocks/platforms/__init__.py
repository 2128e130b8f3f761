"""Platforms: where slots live. One file a kind; `contract.py` says what each promises."""
