"""Report: what happened, by the runbook's template, with a picture of the timeline."""

import base64
import re
from collections.abc import Iterable

from domain.errors import Unforeseen
from domain.findings import Finding
from domain.incident import Incident
from domain.journal_kinds import Happened
from domain.report.checks import Check
from domain.report.facts import Facts, gather
from domain.report.render import render
from domain.report.timeline import svg
from tasks.act import act
from tasks.case import Case
from tasks.run_log import in_flow

REPORT = "report.md"
PICTURE = "timeline.svg"


@act("report")
def write_report(case: Case, incident: Incident) -> Facts:
    """Write, or write again, the incident's one report, and show it in Prefect.

    Raises:
        EvidenceNotKept: the folder cannot be written.
    """
    facts = facts_of(case, incident)
    picture = svg(facts)
    text = render(facts, case.document.policy.report_layout)
    case.evidence.keep(PICTURE, picture)
    path = case.evidence.keep(REPORT, text)
    case.ledger.reported(incident.id, path)
    case.note(Happened.REPORTED, path=path)
    _show(case, incident, text, picture, facts)
    return facts


def facts_of(case: Case, incident: Incident) -> Facts:
    """The incident's facts, from its journal."""
    facts = gather(incident, case.ledger.entries(incident.id), case.document.policy)
    path = [(contact.title, contact.said) for contact in case.document.contacts]
    return facts.model_copy(update={"contacts": path, "dashboards": case.document.dashboards})


def _show(case: Case, incident: Incident, text: str, picture: bytes, facts: Facts) -> None:
    """The report as artifacts of the run; nothing where no flow runs. Prefect away is noted, and stops nothing."""
    if not in_flow():
        return
    try:
        _create_artifacts(case, incident, text, picture, facts)
    except Exception as error:  # noqa: BLE001 - the report is written; how it is shown must not decide how a run ends
        case.note(Happened.ACT_FAILED, act="show the report in Prefect", error=str(Unforeseen.of(error)))


def _create_artifacts(case: Case, incident: Incident, text: str, picture: bytes, facts: Facts) -> None:
    """The report, its checks and the dashboards."""
    from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

    inline = f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
    key, said = incident.id.lower(), f"Incident {incident.id}"
    shown = text.replace(f"({PICTURE})", f"({inline})")
    create_markdown_artifact(shown, key=f"report-{key}", description=said)
    if facts.checks:
        looked = "What was looked at, before and after"
        create_table_artifact(_table(facts.checks), key=f"checks-{key}", description=looked)
    for number, (name, address) in enumerate(case.document.dashboards.items(), 1):
        create_link_artifact(address, link_text=name, key=link_key(number, name, key), description=said)


def link_key(number: int, name: str, key: str) -> str:
    """A dashboard's key among an incident's artifacts; the number keeps it apart from every other one."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return "-".join(part for part in ("dashboard", str(number), words, key) if part)


def _table(checks: Iterable[Check]) -> list[dict[str, str]]:
    """Prefect's table shows each cell as it is: words, not findings."""
    return [
        {"check": row.name, "on": row.on, "before": _cell(row.before), "after": _cell(row.after)}
        for row in checks
    ]


def _cell(finding: Finding | None) -> str:
    return f"{finding.verdict}: {finding.said}" if finding else ""
