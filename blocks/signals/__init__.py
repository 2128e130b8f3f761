"""Signals: what can produce findings. One file a kind; `contract.py` says what each promises."""
