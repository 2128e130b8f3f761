"""An application as far as it can be known now, for `backout doctor`: also where the store does not answer."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from blocks import configuration
from blocks.configuration import Described
from blocks.configuration_alone import document_alone
from blocks.deadline import within
from blocks.document import Document
from blocks.home import Home
from blocks.installation import Installation, installation
from blocks.store import configurations
from deployments.cli.ages import age
from deployments.own_file import described_here
from deployments.prefect_api import PrefectApi
from deployments.unset_variables import environment, unset
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import (
    BackoutError,
    ConfigurationError,
    MissingSecret,
    PrefectUnavailable,
    StoreUnavailable,
    UnknownApplication,
)
from domain.errors.machines import unusable

OPEN_S = 20.0
"""Seconds for the store to be opened, the embedded PostgreSQL's start among them."""


@dataclass(frozen=True)
class Subject:
    """What is known of the application, and how it came to be known.

    Attributes:
        here: with an open store; None where it cannot be used, and `away` says why.
        described: its entry; None where no file could be used.
        document: None where the entry cannot be used.
        checkups: of reading all that.
    """

    application: str
    home: Home
    here: Installation | None
    away: BackoutError | None
    described: Described | None
    document: Document | None
    checkups: list[Checkup]


@contextmanager
def opened(home: Home) -> Iterator[tuple[Installation | None, BackoutError | None]]:
    """This host's installation, or why there is none."""
    with ExitStack() as stack:
        yield _open(home, stack)


def _open(home: Home, stack: ExitStack) -> tuple[Installation | None, BackoutError | None]:
    def enter() -> Installation:
        here = stack.enter_context(installation(home))
        here.store.rest()  # this thread's connection: the others make their own
        return here

    try:
        return within(OPEN_S, enter, "open the store"), None
    except TimeoutError:
        stack.pop_all()  # it still opens, in its own thread: the process takes it along when it ends
        why = f"not open within {OPEN_S:g} s"
        return None, StoreUnavailable(what_it_is="the store", address=str(home.root), why=why)
    except BackoutError as error:
        return None, error
    except OSError as error:
        return None, unusable("folder", str(home.root), error)


def subject(
    home: Home, here: Installation | None, away: BackoutError | None, application: str, file: str | None
) -> Subject:
    """What was applied; where the store cannot say, or `file` is given, what a file of this host describes.

    Raises:
        UnknownApplication: neither store nor file knows it.
    """
    described, found = _described(home, here, application, file)
    if described is None:
        return Subject(application, home, here, away, None, None, found)
    document, problems = _document(home, described)
    return Subject(application, home, here, away, described, document, [*found, *problems])


def _described(
    home: Home, here: Installation | None, application: str, file: str | None
) -> tuple[Described | None, list[Checkup]]:
    if here is None or file is not None:
        return _in_file(home, application, file)
    try:
        applied = configurations.of(here.store.database, application)
    except StoreUnavailable:
        return _in_file(home, application, file)
    except UnknownApplication as unknown:
        return _not_applied(home, application, unknown)
    entry = Described(name=application, raw=applied.document, source=applied.source, digest=applied.digest)
    ago = age(applied.at)
    return entry, [
        well("document", application, f"as applied {ago} ago from {applied.source}"),
        *_file(entry),
    ]


def _in_file(home: Home, application: str, file: str | None) -> tuple[Described | None, list[Checkup]]:
    try:
        found = described_here(home, application, file)
    except ConfigurationError as error:
        return None, [wrong("document", application, error.what(), symptom="cannot be used")]
    said = f"as {found.source} describes it; what is applied was not looked at"
    return found, [well("document", application, said)]


def _not_applied(
    home: Home, application: str, unknown: UnknownApplication
) -> tuple[Described | None, list[Checkup]]:
    try:
        found = described_here(home, application, None)
    except BackoutError:
        raise unknown from None
    apply = Remedy(command=f"backout apply {found.source}")
    said = f"{found.source} describes it, and it was never applied"
    return found, [wrong("document", application, said, apply)]


def _file(applied: Described) -> list[Checkup]:
    """Whether the file still says what was applied. A file of another host is not looked at."""
    path = Path(applied.source)
    if not path.exists():
        return [unseen("file", applied.source, "is not on this host")]
    try:
        now = configuration.read_one(path, applied.name)
    except BackoutError as error:
        return [wrong("file", applied.source, error.what(), symptom="cannot be used")]
    if now.digest == applied.digest:
        return [well("file", applied.source, "says what was applied")]
    look, apply = (Remedy(command=f"backout apply {option}{applied.source}") for option in ("--dry-run ", ""))
    return [wrong("file", applied.source, "was changed since it was applied", look, apply)]


def _document(home: Home, one: Described) -> tuple[Document | None, list[Checkup]]:
    """As runs would have it: with the variables of `serve` and the block's secrets."""
    values = {**environment(home), **_secrets(home, one.name)}
    missing = [_missing(error) for error in unset(home, one)]
    try:
        document, left_out = document_alone(one.raw, one.source, one.at, values)
    except BackoutError as error:
        return None, [*missing, wrong("document", one.source, error.what(), symptom="cannot be used")]
    return document, [*missing, *(unseen("left out", one.name, why) for why in left_out)]


def _missing(error: MissingSecret) -> Checkup:
    given = Remedy(command=f"export {error.variable}=... && backout serve")
    return wrong("secret", error.key, error.problem, given, symptom="not set")


def _secrets(home: Home, application: str) -> Mapping[str, str]:
    try:
        with PrefectApi.find(home) as api:
            return api.secrets(application)
    except PrefectUnavailable:
        return {}
