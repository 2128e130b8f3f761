"""Who may send alerts: one file a kind, all on `contract.py`; `kind` is the file's name."""
