"""The options of `backout rollback`, each with the words that `--help` shows."""

from enum import StrEnum
from typing import Annotated

import typer

from domain.severity import Severity

Runbook = StrEnum("Runbook", {"rollback": "rollback", "failed": "failed-deployment", "issue": "post-deploy-issue", "slow": "performance-degradation",
                              "third_party": "third-party-failure", "api": "api-breaking-change", "outage": "service-outage", "security": "security-vulnerability",
                              "standard": "standard-rollback", "schema": "migration-failure", "data": "data-corruption", "emergency": "emergency",
                              "restart": "restart"})  # fmt: skip

To = Annotated[
    str | None, typer.Option(help="Release to go back to. Default: the newest healthy one that has served.")
]
Only = Annotated[
    str | None,
    typer.Option(
        help="Take back this part alone: a component, `config` or `flag:NAME`; `status` lists them."
    ),
]
Flag = Annotated[
    str | None,
    typer.Option(
        help="For third-party-failure: the feature to turn off first. Default: `integration` in backout.yaml."
    ),
]
Reason = Annotated[str, typer.Option(envvar="ROLLBACK_REASON", help="What is wrong; goes into the report.")]
SeverityOption = Annotated[Severity | None, typer.Option(help="Default: the policy's, by the kind of issue.")]
RunbookOption = Annotated[
    Runbook, typer.Option(help="Which path: emergency asks nobody and switches at once.")
]
Impact = Annotated[str, typer.Option(help="What users notice.")]
Users = Annotated[int | None, typer.Option(help="How many users are affected.", min=0)]
Downtime = Annotated[str, typer.Option(help="Expected downtime, for the announcement.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan; change nothing.")]
Force = Annotated[
    bool, typer.Option("--force", help="Ask nobody. Needs a reason; never skips the target's health.")
]
EvenUnhealthy = Annotated[
    bool, typer.Option("--even-unhealthy", help="With --force: also to an unhealthy release.")
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Answer the request for consent with yes, as yourself.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")]
BreakGlass = Annotated[
    bool, typer.Option("--break-glass", help="Without Prefect and store: the same acts, from here.")
]
FileOption = Annotated[str | None, typer.Option(help="With --break-glass: the backout.yaml to read.")]
AcceptDataLoss = Annotated[
    int | None,
    typer.Option(
        min=0, help="How many rows you accept to lose; the request for consent asks for it otherwise."
    ),
]
BackupOption = Annotated[
    str | None, typer.Option(help="For the database's runbooks: the backup to restore, by name.")
]
