"""The applied applications, as this host can use them."""

from blocks import configuration
from blocks.document import Document
from blocks.installation import Installation
from blocks.store import configurations


def document(here: Installation, application: str) -> Document:
    """The applied document with the secrets of this environment.

    Raises:
        UnknownApplication: nothing was applied under this name.
        MissingSecret: a reference cannot be resolved here.
    """
    applied = configurations.of(here.store.database, application)
    return configuration.document(applied.document, applied.source, {})


def names(here: Installation) -> list[str]:
    """All applied applications."""
    return [applied.application for applied in configurations.all_of(here.store.database)]
