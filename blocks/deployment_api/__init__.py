"""An HTTP deployment API (MVP-011): how it is spoken to, and how its status is read."""
