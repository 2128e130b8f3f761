"""What does not wait behind a request that waits for people: design 5's emergency, by severity instead of by name.

The runbooks do not wait where it is critical: Jarvis "Rollback Decision Tree" (data loss, security, complete outage), Aldeia
step 1 (immediate rollback), MVP-011 "Critical Issues (0-5 minutes)".
"""

from __future__ import annotations

from domain.asking import consent_for
from domain.assess import severity_of
from domain.policy import Action, Policy
from domain.reaction import Reaction, reaction
from domain.request import Request
from domain.severity import Severity


def urgent(request: Request, policy: Policy) -> bool:
    """Whether it is critical and asks nobody. What changes the database asks people of its own, whatever its severity."""
    if severity_of(request, policy) is not Severity.CRITICAL or request.database is not None:
        return False
    rule = policy.rules[Severity.CRITICAL]
    return rule.action is Action.ROLL_BACK and consent_for(request, rule.consent, blind=False) is None


def urgent_issue(policy: Policy, issue: str | None) -> bool:
    """The same of an alert's issue, before there is a request."""
    return policy.severity_of(issue) is Severity.CRITICAL and reaction(policy, issue) is Reaction.START
