"""Readiness on a schedule: each application is looked at, and people are told of a change, once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import httpx
from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import PrefectException
from prefect.logging import get_logger
from pydantic import Field

from blocks.application import Application
from blocks.document import Document
from blocks.installation import Installation, installation
from blocks.store import configurations
from blocks.store import readiness as kept
from domain.errors import Drift, PrefectUnavailable, UnknownApplication
from domain.names import block_name
from domain.readiness import Readiness
from flows.intake import document_of
from flows.messages import sent_beside
from tasks.read_backups import read_due
from tasks.readiness import Looked, look, not_looked
from tasks.tell_readiness import keep_and_tell

AT_ONCE = 4
"""Applications that are looked at at the same time."""

One = Annotated[
    str | None,
    Field(title="Application", description="`app/environment`. Empty: all that are applied."),
]


@flow(name="readiness", persist_result=False)
def readiness(application: One = None) -> State[Any]:
    """See whether each application can go back right now. Changes nothing; what is not ready is a finding, no failure."""
    with installation() as here:
        wanted = _wanted(here, application)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="readiness") as pool:
            found = list(pool.map(lambda name: _look(here, name), wanted))
        failed = [error for looked in found if (error := _shown_and_told(here, looked))]
        if application is None:
            kept.forget_others(here.store.database, wanted)
        for looked in found:
            _read_backup(here, looked)
    if failed:
        raise failed[0]
    return _ended([looked.readiness for looked in found])


def show(seen: Readiness) -> None:
    """What was found, as a table in Prefect's UI."""
    rows = [
        {"check": check.name, "verdict": check.verdict, "seen": check.said, "do": "; ".join(check.next_steps)}
        for check in seen.checks
    ]
    key = f"readiness-{block_name(seen.application)}"
    create_table_artifact(rows, key=key, description=f"{seen.application}: {seen.said}")


def _wanted(here: Installation, application: str | None) -> list[str]:
    """The applications to look at; all but those that want none of it. Raises UnknownApplication."""
    applied = configurations.all_of(here.store.database)
    if application:
        known = [one.application for one in applied]
        if application not in known:
            raise UnknownApplication(application=application, known=known)
        return [application]
    return [one.application for one in applied if (one.document.get("readiness") or {}).get("enabled", True)]


def _look(here: Installation, application: str) -> Looked:
    try:
        return look(here, application, lambda: _document(here, application), _ask_prefect)
    except Exception as error:  # noqa: BLE001 - one application hides no other
        get_logger("backout.readiness").exception("%s could not be looked at", application)
        return not_looked(application, error)
    finally:
        here.store.rest()


def _document(here: Installation, application: str) -> Document:
    """As a run would have it. Raises Drift, MissingSecret, ConfigurationError, PrefectUnavailable."""
    name = block_name(application)
    try:
        block = Application.load(name, validate=False)
    except ValueError:
        raise Drift(file=f"block {name}", key="name", problem="is gone from Prefect") from None
    except (httpx.HTTPError, PrefectException) as error:
        raise PrefectUnavailable("Prefect", name, type(error).__name__) from error
    if not isinstance(block, Application):
        raise Drift(file=f"block {name}", key="name", problem="is none of ours")
    return document_of(block, here)


def _ask_prefect() -> str:
    with get_client(sync_client=True) as client:
        if failed := client.api_healthcheck():
            raise PrefectUnavailable("Prefect", str(client.api_url), str(failed) or type(failed).__name__)
        return str(client.api_url)


def _shown_and_told(here: Installation, looked: Looked) -> Exception | None:
    """What went wrong with one application, if anything; the others are told of all the same."""
    try:
        show(looked.readiness)
        _tell(here, looked)
    except Exception as error:  # noqa: BLE001 - one application hides no other
        get_run_logger().exception("%s could not be told of", looked.readiness.application)
        return error
    return None


def _read_backup(here: Installation, looked: Looked) -> None:
    """Where it is due: after everybody was told, since it may take hours. The next look says what was found."""
    name = looked.readiness.application
    try:
        read = read_due(here, looked.document) if looked.document else None
    except Exception:  # noqa: BLE001 - people were told already; it is tried again
        get_run_logger().exception("%s: its newest backup could not be read", name)
        return
    if read:
        said = "; ".join(read.problems) or "it could be restored"
        get_run_logger().info("%s: %s was read whole: %s", name, read.name, said)


def _tell(here: Installation, looked: Looked) -> None:
    seen = keep_and_tell(here, looked)
    for line in seen.news:
        get_run_logger().info("%s: %s", looked.readiness.application, line)
    if seen.told and looked.document is not None:
        with sent_beside(here, looked.document):
            """Where no `serve` stands beside the run, what it posted is sent before it ends."""


def _ended(found: Sequence[Readiness]) -> State[Any]:
    not_ready = [f"{seen.application}: {seen.said}" for seen in found if not seen.ready]
    if not_ready:
        return State(type=StateType.COMPLETED, name="NotReady", message="\n".join(not_ready))
    return State(type=StateType.COMPLETED, name="Ready", message=f"{len(found)} applications are ready")
