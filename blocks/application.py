"""The Application block: one application in one environment, as Prefect's UI shows it."""

from typing import Any, ClassVar

from prefect.blocks.core import Block
from prefect.types import SecretDict
from pydantic import Field


class Application(Block):
    """One application in one environment. Made by `backout apply` from `backout.yaml`; change it there, not here."""

    _block_type_name: ClassVar[str] = "Backout application"
    _block_type_slug: ClassVar[str] = "backout-application"
    _description: ClassVar[str] = (
        "An application that Backout can take back to its last good release. Made by `backout apply`; "
        "a change made here is shown as drift, and refused by runs that act."
    )

    name: str = Field(title="Application", description="`app/environment`.")
    description: str = Field(default="", title="Description", description="One line for people.")
    source: str = Field(title="Source", description="The file it was applied from.")
    digest: str = Field(title="Digest", description="SHA-256 of the document as it was applied.")
    document: dict[str, Any] = Field(
        title="Document",
        description="The validated entry of backout.yaml. Secrets are references: `${NAME}`.",
    )
    secrets: SecretDict = Field(
        default_factory=lambda: SecretDict({}),
        title="Secrets",
        description="Values for `${NAME}` references that are not in the environment where the run executes.",
    )

    def reference(self) -> dict[str, Any]:
        """This block as a flow parameter: a reference, so that a run keeps no copy of the document."""
        return {"$ref": {"block_document_id": str(self._block_document_id)}}
