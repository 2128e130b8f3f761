"""`readiness`: what must be so for an application to be called ready for a rollback."""

from pydantic import Field

from blocks.section import Section


class ReadinessSettings(Section):
    """What must be so for the application to be called ready for a rollback."""

    enabled: bool = Field(
        default=True,
        description="False: the scheduled look leaves it out; `backout ready APP` looks all the same.",
    )
    backup_max_age_h: float | None = Field(
        default=26.0,
        gt=0,
        description="Hours that the newest backup may be old; a daily one, and two hours to take it. `null`: any age will do.",
    )
    read_backup_every_h: float = Field(
        default=24.0,
        gt=0,
        description="Hours until a backup whose files look unchanged is read whole again.",
    )
    rehearsed: bool = Field(
        default=True,
        description="Where the release to go back to was recorded with another schema: its way down must have been rehearsed.",
    )
    limit_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Seconds for all checks together; one that is late is said to hang.",
    )
