"""Channels: where people are told. One file a kind; `contract.py` says what each promises."""
