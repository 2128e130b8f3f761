"""The form people fill in to start a runbook, in Prefect's UI: the same fields for every runbook that can ask."""

from typing import Annotated, Literal

from pydantic import Field

from blocks.application import Application as ApplicationBlock
from domain.database.wish import Condition, DataState
from domain.names import VERSION
from domain.presets import PRESETS
from domain.severity import Severity as SeverityLevel

Application = Annotated[
    ApplicationBlock, Field(title="Application", description="Which application, in which environment.")
]
Target = Annotated[
    str,
    Field(
        title="Release to go back to",
        description="`last good`: the newest healthy release that has served before. "
        "Or a version that a slot holds; of a checkout, a tag, a phase or a commit.",
    ),
]
Fix = Annotated[
    str,
    Field(
        title="Fixed release",
        min_length=1,
        description="The release, tag, branch or commit with the fix; it must be in a slot, or in the checkout's repository.",
    ),
]
Share = Annotated[
    int,
    Field(
        title="Share of the traffic, in per cent",
        ge=1,
        le=99,
        description="What the release gets; the rest stays where it is. Rounded down to the steps the router can give: a router "
        "with ten upstreams makes 20 of 25.",
    ),
]
NewRelease = Annotated[
    str,
    Field(
        title="New release",
        pattern=f"^{VERSION.pattern}$",
        description="The version to deploy: what the platform puts into the idle slot, what `deploy.install` is called with, or "
        "what an idle slot holds already.",
    ),
]
Staging = Annotated[
    ApplicationBlock,
    Field(title="Staging", description="Where the release was tried: what serves there is promoted."),
]
Only = Annotated[
    str | None,
    Field(
        title="Only this part",
        description="Empty: the whole application. Or what `backout status` lists as a part: a component, `config`, "
        "`flag:NAME`. The other parts are not touched.",
    ),
]
Flag = Annotated[
    str | None,
    Field(
        title="Feature to turn off first",
        description="The flag of the integration that fails: `new-integration` or `flag:new-integration`, as `backout status` "
        "lists it. Empty: the application's own, `integration` in backout.yaml.",
    ),
]
Severity = Annotated[
    SeverityLevel | None,
    Field(
        title="How bad is it",
        description="critical: users are out, nobody is asked. high, medium: a person says yes first; medium proposes a "
        "hotfix. low: mend it in the next release. Empty: the policy decides by the kind of issue.",
    ),
]
Reason = Annotated[
    str, Field(title="What is wrong", description="One line: what you saw. It goes into the report.")
]
Why = Annotated[str, Field(title="Why", description="One line; it goes into the report.")]
"""For what is done without anything being wrong: a deploy, a drill."""
KNOWN_ISSUES = sorted({row.name for policy in PRESETS.values() for row in policy.issues})
Issue = Annotated[
    str | None,
    Field(
        title="Kind of issue",
        description="A row of the application's decision matrix; it gives the severity. Rows of the presets: "
        f"{', '.join(KNOWN_ISSUES)}. Empty: the severity above, or the policy's for what it does not know.",
        examples=KNOWN_ISSUES,
    ),
]
Impact = Annotated[
    str, Field(title="Impact", description="What users notice; goes into announcement and report.")
]
Users = Annotated[int | None, Field(title="Users affected", ge=0, description="An estimate, as a number.")]
Downtime = Annotated[
    str, Field(title="Expected downtime", description="For the announcement, e.g. `none` or `2 min`.")
]
Force = Annotated[
    bool, Field(title="Ask nobody", description="Skips consent, never the target's health. Needs a reason.")
]
EvenUnhealthy = Annotated[
    bool,
    Field(
        title="Even to an unhealthy release",
        description="Only with `Ask nobody`. You know better than the checks.",
    ),
]
DryRun = Annotated[bool, Field(title="Only show the plan", description="Looks and plans; changes nothing.")]
AskedBy = Annotated[
    str, Field(title="Who asks", description="Your name; the CLI and automations fill it in.")
]
Via = Annotated[
    Literal["ui", "cli", "api", "slack", "automation", "drill"],
    Field(title="Asked through", description="Leave it: the CLI and automations fill it in."),
]
Detection = Annotated[
    str | None,
    Field(
        title="Detection", description="Leave it empty: the automation fills in the samples that fired it."
    ),
]
Data = Annotated[
    DataState | None,
    Field(
        title="The data is",
        description="intact, corrupted or lost, as you see it. Empty: the findings decide, by the smoke queries and by the "
        "rows of the newest backup. Intact data is never restored.",
    ),
]
WhyRestore = Annotated[
    Condition,
    Field(
        title="Why a restore", description="A backup is put in the place of live data only for one of these."
    ),
]
Backup = Annotated[
    str | None,
    Field(
        title="Backup",
        description="Its name, as `backout db list` shows it. Empty: the newest verified one that fits.",
    ),
]
SchemaVersion = Annotated[
    str, Field(title="Down to version", min_length=1, description="The newest migration that stays applied.")
]
KeptDatabase = Annotated[
    str | None,
    Field(title="Kept database", description="Its name. Empty: the one that the last swap kept."),
]
AcceptDataLoss = Annotated[
    int | None,
    Field(
        title="Rows you accept to lose",
        ge=0,
        description="Leave it empty unless you know the number: the request for consent shows it, and asks for it.",
    ),
]
Label = Annotated[
    str,
    Field(
        title="Label",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="Why it is taken: `manual`, `pre-migration`, `current-state`, `scheduled`.",
    ),
]
