"""Study: what a deploy rests on beside the survey. Its migrations are tried on a clone, up and down again."""

from blocks.document import Document
from blocks.home import Home
from blocks.installable import installer
from blocks.sharing import grain_of
from blocks.takes_place import Compares, TakesPlace
from domain.canary import steps_of
from domain.errors import BackoutError, DatabaseUnreachable, NotPrepared
from domain.release import Slot, Survey
from domain.rollout import Place, Terms, Upward
from tasks.act import act
from tasks.case import Case
from tasks.database import changes_of
from tasks.run_log import progress_lines


@act("study release")
def study_release(case: Case, seen: Survey) -> Terms | None:
    """The terms of the deploy. Changes nothing. None where the incident has its plan already. Raises DatabaseUnreachable."""
    if case.ledger.incident(case.incident.id).plan is not None:
        return None
    return terms_of(case.document, case.installation.home, case.request.to or "", seen)


def terms_of(document: Document, home: Home, release: str, seen: Survey, *, builds: bool = True) -> Terms:
    """What platform, settings and database offer this release, now. Raises DatabaseUnreachable.

    `builds`: whether an image may be made to try its migrations from; a dry run makes none.
    """
    settings = document.deploy
    serving = seen.slot(seen.serving)
    deployed = serving is not None and serving.version == release
    place, named = (None, release) if deployed else _place(document, release, serving)
    return Terms(
        installs=installer(document.platform) is not None or bool(settings.install),
        steps=steps_of(settings.steps, grain_of(document.platform)),
        consent=settings.consent,
        gates=settings.gates,
        backup=settings.backup and document.database is not None,
        upward=None
        if document.database is None or deployed
        else _upward(document, home, named, builds=builds),
        place=place,
        difference=_difference(document, release, serving),
    )


def _place(document: Document, release: str, serving: Slot | None) -> tuple[Place | None, str]:
    """Where it would take the serving release's place, and whether that could be gone back to; None where there is a standby.

    And the release's own name: it may be asked for by a branch's.
    """
    platform, settings = document.platform, document.deploy
    if not isinstance(platform, TakesPlace):
        return None, release
    try:
        slot = platform.place_for(release, brought=bool(settings.install))
    except NotPrepared as error:
        return Place(why_none=error.what()), release
    lost = platform.no_way_back(serving.name) if serving else ""
    return Place(slot=slot.name, no_way_back=lost, unasked=settings.blind), slot.version or release


def _difference(document: Document, release: str, serving: Slot | None) -> list[str]:
    """What it brings. A precaution: what cannot be told stops no deploy."""
    platform = document.platform
    if not isinstance(platform, Compares) or serving is None:
        return []
    try:
        return platform.difference(serving.name, release)
    except BackoutError as error:
        return [f"what differs cannot be told: {error.what()}"]


def _upward(document: Document, home: Home, release: str, *, builds: bool) -> Upward:
    """What cannot be tried is taken for a failure: nobody deploys on it. In a dry run it is only said."""
    changes = changes_of(document, home, builds=builds)
    changes.tidy()
    try:
        return changes.rehearse_up(release, progress_lines())
    except DatabaseUnreachable:
        raise
    except NotPrepared as error:
        return Upward(failed=error.what()) if builds else Upward(untried=error.why)
    except BackoutError as error:
        return Upward(failed=error.what())
