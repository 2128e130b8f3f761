"""The deployment API that `backout serve` offers: `/deployment/status`, `/deployment/rollback`, `/health` (MVP-011 "Quick Reference")."""
