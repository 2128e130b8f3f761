"""The acts of a rollback, in their order, as the plan names them."""

from __future__ import annotations

from domain.request import API_CHANGE, PERFORMANCE, SERVICE_OUTAGE, THIRD_PARTY, Kind
from domain.situation import Situation

ACTS = ["preserve", "prepare", "switch", "verify", "report", "soak"]
AT_ONCE = ["prepare", "switch", "verify", "preserve", "report", "soak"]
"""Where users come before the evidence."""

COMPARE_AGAIN = "compare again"
COMPARES = (PERFORMANCE, API_CHANGE, THIRD_PARTY)
"""The runbooks that look whether users are better off after it."""


def acts_of(situation: Situation) -> list[str]:
    """What is done after the consent, first to last."""
    request = situation.request
    at_once = request.kind is Kind.EMERGENCY or request.runbook == SERVICE_OUTAGE
    acts = list(AT_ONCE if at_once else ACTS)
    if request.runbook in COMPARES:
        acts.insert(acts.index("verify") + 1, COMPARE_AGAIN)
    if situation.aligns:
        acts.insert(acts.index("switch") + 1, "align")
    return acts
