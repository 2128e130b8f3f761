"""The end of a drill: figures, checklist, judgement, report with the trend, artifacts, and the last word."""

import base64
from datetime import UTC, datetime
from pathlib import Path

from blocks.files import replace_file
from blocks.store import drills
from domain.drill import Drill, judged
from domain.drill_report import TREND, markdown, trend
from domain.drill_seen import checklist, figures
from domain.names import block_name
from domain.outcomes import Outcome
from domain.report.facts import Facts, gather
from tasks.drill_case import DrillCase
from tasks.run_log import in_flow

SHOWN = 12
"""Drills in the picture."""


def conclude(case: DrillCase, problem: str = "") -> Drill:
    """Judge the drill beside those before it, write its report, and close it. `problem`: why it broke off."""
    case.step("report")
    earlier = drills.past(case.here.store.database, case.document.name, SHOWN - 1)
    facts = _facts(case)
    seen = figures(case.drill, facts, case.seen)
    alike = [one.figures for one in earlier if one.passed and one.fault == case.drill.fault]
    problems = [problem] if problem else judged(seen, case.settings.objectives, alike, case.drill.phases)
    drill = case.drill.model_copy(
        update={
            "figures": seen,
            "checklist": checklist(case.drill, facts, case.seen, earlier[0] if earlier else None),
            "problems": [*problems, *_unkept(case)],
            "ended_at": datetime.now(UTC),
        }
    )
    drill = drill.model_copy(update={"report": _write(case, drill, earlier)})
    case.keep(**{name: getattr(drill, name) for name in Drill.model_fields})
    return drill


def _unkept(case: DrillCase) -> list[str]:
    """What no time shows."""
    found = [case.seen.unmended] if case.seen.unmended else []
    moves = case.drill.ends is Outcome.ROLLED_BACK
    if moves and case.drill.outcome is not None and not case.seen.went_back:
        found.append(f"slot {case.drill.slot}, which was broken, still has the traffic")
    if case.seen.restore_failed:
        found.append(f"no backup was restored: {case.seen.restore_failed}")
    return found


def _facts(case: DrillCase) -> Facts | None:
    if case.drill.incident is None:
        return None
    store = case.here.store
    incident = store.incident(case.drill.incident)
    return gather(incident, store.entries(incident.id), case.document.policy)


def _write(case: DrillCase, drill: Drill, earlier: list[Drill]) -> str:
    """Report and picture below the home's evidence; its path."""
    folder = case.here.home.evidence / block_name(drill.application) / "drills" / drill.id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    picture = trend([*reversed(earlier), drill])
    text = markdown(drill, earlier)
    replace_file(folder / TREND, picture)
    replace_file(folder / "report.md", text.encode())
    if in_flow():
        _show(drill, text, picture)
    return str(Path(folder) / "report.md")


def _show(drill: Drill, text: str, picture: bytes) -> None:
    from prefect.artifacts import create_markdown_artifact, create_table_artifact

    inline = f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"
    name = block_name(drill.application)
    shown = text.replace(f"({TREND})", f"({inline})")
    create_markdown_artifact(shown, key=f"drill-{name}", description=f"Drill {drill.id}")
    create_table_artifact(
        table(drill), key=f"drill-checklist-{name}", description=f"Last drilled: {drill.id}, by {drill.by}"
    )


def table(drill: Drill) -> list[dict[str, str]]:
    """The checklist, a row each. Each column has a name: without one Prefect's page of the table breaks."""
    marks = {True: "yes", False: "no", None: "not seen"}
    return [{"done": marks[item.done], "check": item.name, "seen": item.said} for item in drill.checklist]
