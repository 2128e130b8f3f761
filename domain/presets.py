"""The five runbooks' decision matrices as data. Each row says where it is written.

`A` Aldeia step 1, `F` FlappyJournal, `J` Jarvis "Rollback Decision Tree" and "When to Rollback", `M` MVP-011 "Recovery Time
Objectives", `N` NotesHub "Rollback Procedures". Where two runbooks differ, the default preset holds the stricter number.
"""

from __future__ import annotations

from domain.policy import Action, AtDeadline, Budget, Consent, Issue, Policy, Rule, Span
from domain.severity import Severity

MINUTE = 60
HOUR = 60 * MINUTE
CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW


def _rules(critical_s: int, high_s: int, medium_s: int, low_s: int) -> dict[Severity, Rule]:
    """Critical never pauses; high and medium ask one person; medium proposes a hotfix first, low the next release."""
    return {
        CRITICAL: Rule(action=Action.ROLL_BACK, rto_s=critical_s, consent=Consent(people=0)),
        HIGH: Rule(action=Action.ROLL_BACK, rto_s=high_s, consent=Consent(people=1, deadline_s=high_s)),
        MEDIUM: Rule(
            action=Action.HOTFIX_FIRST, rto_s=medium_s, consent=Consent(people=1, deadline_s=medium_s)
        ),
        LOW: Rule(
            action=Action.NEXT_RELEASE,
            rto_s=low_s,
            consent=Consent(people=1, deadline_s=low_s, at_deadline=AtDeadline.REJECT),
        ),
    }


FLAPPYJOURNAL = Policy(
    rules=_rules(2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    issues=[
        Issue(name="service-outage", severity=CRITICAL, source="F Emergency Rollback Procedures"),
        Issue(name="health-check-failure", severity=CRITICAL, source="F Scenario 1"),
        Issue(name="performance-degradation", severity=HIGH, source="F Scenario 3"),
        Issue(name="migration-incompatibility", severity=HIGH, source="F Scenario 4"),
        Issue(name="post-deploy-issue", severity=HIGH, source="F Scenario 1"),
    ],
    budgets=[
        Budget(
            name="immediate verification",
            seconds=15 * MINUTE,
            source="F Post-Rollback Actions 1",
            span=Span.VERIFY,
        )
    ],
    watch_s=45 * MINUTE,
    report_layout="flappyjournal",
    message_layout="flappyjournal",
)

ALDEIA = Policy(
    rules=_rules(5 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR),
    issues=[
        Issue(name="security-vulnerability", severity=CRITICAL, source="A step 1 row 1: immediate"),
        Issue(name="service-outage", severity=CRITICAL, source="A step 1 row 2: immediate"),
        Issue(name="data-corruption", severity=CRITICAL, source="A step 1 row 3: immediate"),
        Issue(
            name="performance-degradation", severity=HIGH, rto_s=HOUR, source="A step 1 row 4: within 1 hour"
        ),
        Issue(name="minor-bug", severity=MEDIUM, source="A step 1 row 5: consider hotfix first"),
        Issue(name="cosmetic", severity=LOW, source="A step 1 row 6: hotfix in next release"),
    ],
    watch_s=30 * MINUTE,
    report_layout="aldeia",
    message_layout="aldeia",
)

MVP_011 = Policy(
    rules=_rules(2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    issues=[
        Issue(name="service-outage", severity=CRITICAL, source="M RTO: critical"),
        Issue(name="health-check-failure", severity=CRITICAL, source="M Rollback Triggers"),
        Issue(name="error-rate", severity=CRITICAL, source="M Rollback Triggers"),
        Issue(name="performance-degradation", severity=HIGH, source="M RTO: performance"),
        Issue(name="api-breaking-change", severity=MEDIUM, source="M RTO: feature; Scenario 2"),
        Issue(name="minor-bug", severity=LOW, source="M RTO: non-critical"),
    ],
    budgets=[Budget(name="quick rollback", seconds=30, source="M Quick Reference", span=Span.RUN)],
    watch_s=30 * MINUTE,
    report_layout="flappyjournal",
    message_layout="mvp-011",
)

NOTESHUB = Policy(
    rules=_rules(5 * MINUTE, 30 * MINUTE, 30 * MINUTE, 24 * HOUR),
    issues=[
        Issue(name="service-outage", severity=CRITICAL, source="N Emergency Rollback"),
        Issue(name="health-check-failure", severity=CRITICAL, source="N Rollback Triggers"),
        Issue(name="error-rate", severity=CRITICAL, source="N Rollback Triggers"),
        Issue(name="database-connection-failure", severity=CRITICAL, source="N Rollback Triggers"),
        Issue(name="performance-degradation", severity=HIGH, source="N Rollback Triggers"),
        Issue(name="post-deploy-issue", severity=HIGH, source="N Standard Rollback"),
    ],
    budgets=[
        Budget(name="emergency: act", seconds=2 * MINUTE, source="N Emergency Rollback 1", span=Span.ACT),
        Budget(
            name="emergency: verify", seconds=3 * MINUTE, source="N Emergency Rollback 2", span=Span.VERIFY
        ),
        Budget(
            name="first announcement", seconds=MINUTE, source="N Communication Protocol 1", span=Span.ANNOUNCE
        ),
    ],
    watch_s=15 * MINUTE,
    report_layout="flappyjournal",
    message_layout="noteshub",
)

JARVIS = Policy(
    rules=_rules(5 * MINUTE, 5 * MINUTE, 4 * HOUR, 24 * HOUR),
    issues=[
        Issue(name="data-corruption", severity=CRITICAL, source="J Decision Tree: critical"),
        Issue(name="security-vulnerability", severity=CRITICAL, source="J Decision Tree: critical"),
        Issue(name="service-outage", severity=CRITICAL, source="J Decision Tree: critical"),
        Issue(name="failed-deployment", severity=HIGH, source="J Scenario 1"),
        Issue(name="error-rate", severity=HIGH, source="J When to Rollback: > 5 %"),
        Issue(name="migration-failure", severity=HIGH, source="J When to Rollback"),
        Issue(name="third-party-failure", severity=HIGH, source="J Scenario 4"),
        Issue(name="performance-degradation", severity=HIGH, source="J When to Rollback: > 50 %"),
        Issue(name="minor-bug", severity=MEDIUM, source="J Decision Tree: medium"),
        Issue(name="cosmetic", severity=LOW, source="J Decision Tree: low"),
    ],
    watch_s=30 * MINUTE,
    report_layout="jarvis",
    message_layout="jarvis",
)


def _strictest() -> Policy:
    """Every row of the five, each with its highest severity; the shortest RTO of each severity."""
    order = list(Severity)
    presets = (FLAPPYJOURNAL, ALDEIA, MVP_011, NOTESHUB, JARVIS)
    rows: dict[str, Issue] = {}
    for row in (row for preset in presets for row in preset.issues):
        held = rows.get(row.name)
        if held is None or order.index(row.severity) < order.index(held.severity):
            rows[row.name] = row
    shortest = {severity: min(preset.rules[severity].rto_s for preset in presets) for severity in order}
    rules = _rules(*(shortest[severity] for severity in order))
    return Policy(rules=rules, issues=list(rows.values()), watch_s=30 * MINUTE)


PRESETS: dict[str, Policy] = {
    "default": _strictest(),
    "flappyjournal": FLAPPYJOURNAL,
    "aldeia": ALDEIA,
    "mvp-011": MVP_011,
    "noteshub": NOTESHUB,
    "jarvis": JARVIS,
}
