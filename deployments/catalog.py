"""The deployments of Backout, as data: what can be started, and what a tired person reads before starting it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WORK_POOL = "backout"
WORKER_TYPE = "backout-warm"

ROOT = Path(__file__).resolve().parent.parent
"""Folder that holds the rooms: the checkout, or site-packages."""

EMERGENCY_TAG = "emergency"
"""A run with this tag may take the place that is kept free for emergencies."""

WATCH_TAG = "watch"
"""A run with this tag only looks, and for long: it takes none of the places of runs that act."""

RESUMABLE_TAG = "resumable"
"""A run with this tag that crashed is started again: its flow looks first, and does only what is left."""


@dataclass(frozen=True)
class Catalogued:
    """One deployment.

    Attributes:
        name: the deployment's name, and the word people use for it.
        entrypoint: `package.module:flow function`.
        description: Markdown, shown in Prefect's UI above the form.
        tags: carried by every run of it.
        emergency: whether its runs may take the place kept free for emergencies.
        schedule: a cron line in UTC, or none.
    """

    name: str
    entrypoint: str
    description: str
    tags: tuple[str, ...] = ()
    emergency: bool = False
    schedule: str | None = None

    @property
    def module(self) -> str:
        """The module that the flow is imported from."""
        return self.entrypoint.partition(":")[0]

    @property
    def file_entrypoint(self) -> str:
        """The same entrypoint as a file below `ROOT`, the way Prefect's stock workers load flows."""
        module, _, function = self.entrypoint.partition(":")
        return f"{module.replace('.', '/')}.py:{function}"

    @property
    def all_tags(self) -> list[str]:
        """Its tags, with the one that marks an emergency."""
        return sorted({*self.tags, *([EMERGENCY_TAG] if self.emergency else [])})


def modules(catalog: Sequence[Catalogued]) -> list[str]:
    """The modules to import before the first run, each once."""
    return sorted({entry.module for entry in catalog})


ROLLBACK = """\
**Takes one application back to its last good release.**

**When**: production is bad after a release, and you do not know more than that.

**It asks**: which application; how severe; why. Leave the release empty: it takes the newest healthy one that has
served before. For severity high and medium it then waits for a person's yes, and shows the plan first.

**It never** switches to a release that is not healthy now, never removes the only healthy copy, and never touches
data without saying which. Starting it twice is safe: the second run joins the first.
"""

POST_DEPLOY_ISSUE = """\
**Takes back a release that went wrong right after it was deployed.**

**When**: errors, failing logins or broken pages within the first hour of a release.

**It asks**: which application; how severe; what you saw.

**It never** acts where the release before fails in the same way. It then says that a rollback will not help, and pages.
"""

PERFORMANCE_DEGRADATION = """\
**Takes back a release that made the application slow.**

**When**: response times, CPU or memory went up with a release, and the pages still work.

**It asks**: which application; how severe; what you saw. Unless it is critical, a person says yes before the switch.

**It never** acts on a single slow answer: it measures both releases first, and shows the figures.
"""

EMERGENCY = """\
**Switches now, and asks nobody.**

**When**: users are hurt at this moment. One place is always kept free for this run.

**It asks**: which application; why. That is all.

**It never** switches to a release that is not healthy now. It ends when traffic is verified; a linked run goes on
watching for 30 minutes.
"""

SOAK = """\
**Watches an application after a rollback.** Each rollback starts it; you rarely start it by hand.

**When**: you want errors, latency, logs and restarts watched for 15 to 60 minutes.

**It asks**: which application and which incident.

**It never** switches back and forth: on trouble it tells people.
"""

CONSENT_DEADLINE = """\
**Ends a wait for consent when its time is over.** A rollback that asks schedules it; you never start it by hand.

**It asks**: which run waits.

**It never** says yes to a plan that loses data.
"""

REPORT = """\
**Adds to the report of an incident what only people know.**

**When**: after the incident: who was hit, the root cause, what will be done so that it does not come back.

**It asks**: the incident, and the fields you want to fill in. The others stay open.

**It never** changes what was recorded: what you add is kept beside it, with your name and the time.
"""

CATALOG: tuple[Catalogued, ...] = (
    Catalogued("rollback", "flows.rollback:rollback", ROLLBACK, ("rollback", RESUMABLE_TAG)),
    Catalogued(
        "post-deploy-issue",
        "flows.post_deploy_issue:post_deploy_issue",
        POST_DEPLOY_ISSUE,
        ("rollback", RESUMABLE_TAG),
    ),
    Catalogued(
        "performance-degradation",
        "flows.performance_degradation:performance_degradation",
        PERFORMANCE_DEGRADATION,
        ("rollback", RESUMABLE_TAG),
    ),
    Catalogued(
        "emergency", "flows.emergency:emergency", EMERGENCY, ("rollback", RESUMABLE_TAG), emergency=True
    ),
    Catalogued("soak", "flows.soak:soak", SOAK, (WATCH_TAG, RESUMABLE_TAG)),
    Catalogued(
        "consent-deadline",
        "flows.consent_deadline:consent_deadline",
        CONSENT_DEADLINE,
        ("consent", RESUMABLE_TAG),
    ),
    Catalogued("report", "flows.amend_report:amend_report", REPORT, ("report", RESUMABLE_TAG)),
)
