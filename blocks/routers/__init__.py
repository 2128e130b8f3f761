"""Routers: what decides which slot gets traffic. One file a kind; `contract.py` says what each promises."""
