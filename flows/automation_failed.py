"""An automation could not do what it is for: people are told, since nothing else would."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from blocks.installation import installation
from domain.alert import LONGEST_SUMMARY, one_line
from flows.refusal import tell_unstarted

PREFIX = "Backout: "
"""How the automations of an application are called: `Backout: app/environment: what it does`."""


@flow(name="automation-failed", persist_result=False)
def automation_failed(
    automation: Annotated[str, Field(title="Automation", description="The one whose action failed.")],
    reason: Annotated[str, Field(title="Reason", description="Why, in Prefect's words.")] = "",
) -> str:
    """Tell the people of the application; an automation of another thing is only named in the run."""
    named = one_line(automation)
    application = named.removeprefix(PREFIX).partition(": ")[0]
    with installation() as here:
        told = tell_unstarted(here, application, named, one_line(reason, LONGEST_SUMMARY))
    return f"{named}: {'people were told' if told else 'there is nobody to tell'}"
