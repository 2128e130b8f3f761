"""How bad it is. Severity comes from a person or from policy, never from an alert's payload."""

from enum import StrEnum


class Severity(StrEnum):
    """Selects the action, the consent and the RTO."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
