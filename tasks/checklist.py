"""The checklist after a rollback and the post-mortem's draft: files of the incident, and artifacts where a flow runs."""

import re
from collections.abc import Callable

from domain.checklist import render, table
from domain.errors import Unforeseen
from domain.journal_kinds import Happened
from domain.report.facts import Facts
from tasks.case import Case
from tasks.run_log import in_flow

CHECKLIST = "checklist.md"
POST_MORTEM = "post-mortem.md"


def write_checklist(case: Case, facts: Facts) -> str:
    """Write it, or write it again; its path. Raises EvidenceNotKept."""
    path = case.evidence.keep(CHECKLIST, render(facts))
    _show(case, "the checklist", lambda: _table(facts))
    return path


def write_post_mortem(case: Case, facts: Facts, text: str) -> str:
    """Write the draft, or write it again; its path. Raises EvidenceNotKept."""
    path = case.evidence.keep(POST_MORTEM, text)
    _show(case, "the post-mortem's draft", lambda: _markdown(facts, text))
    return path


def artifact_key(name: str, incident: str) -> str:
    """An artifact of an incident: small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9-]+", "-", f"{name}-{incident}".lower())


def _show(case: Case, what: str, create: Callable[[], None]) -> None:
    """Nothing where no flow runs. Prefect away is noted, and stops nothing."""
    if not in_flow():
        return
    try:
        create()
    except Exception as error:  # noqa: BLE001 - the file is written; how it is shown must not decide how a run ends
        case.note(Happened.ACT_FAILED, act=f"show {what} in Prefect", error=str(Unforeseen.of(error)))


def _table(facts: Facts) -> None:
    from prefect.artifacts import create_table_artifact

    key, said = artifact_key("checklist", facts.incident), f"After the rollback: incident {facts.incident}"
    create_table_artifact(table(facts), key=key, description=said)


def _markdown(facts: Facts, text: str) -> None:
    from prefect.artifacts import create_markdown_artifact

    key, said = artifact_key("post-mortem", facts.incident), f"Incident {facts.incident}"
    # The picture lies beside the file: Prefect has none of it.
    create_markdown_artifact(re.sub(r"!\[timeline]\([^)]*\)\n*", "", text), key=key, description=said)
