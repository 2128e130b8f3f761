"""Study: what a deploy rests on beside the survey. Its migrations are tried on a clone, up and down again."""

from blocks.document import Document
from blocks.home import Home
from blocks.installable import Installable
from blocks.sharing import grain_of
from domain.canary import steps_of
from domain.errors import BackoutError, DatabaseUnreachable
from domain.release import Survey
from domain.rollout import Terms, Upward
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


def terms_of(document: Document, home: Home, release: str, seen: Survey) -> Terms:
    """What platform, settings and database offer this release, now. Raises DatabaseUnreachable."""
    settings = document.deploy
    serving = seen.slot(seen.serving)
    deployed = serving is not None and serving.version == release
    return Terms(
        installs=isinstance(document.platform, Installable) or bool(settings.install),
        steps=steps_of(settings.steps, grain_of(document.platform)),
        consent=settings.consent,
        backup=settings.backup and document.database is not None,
        upward=None if document.database is None or deployed else _upward(document, home, release),
    )


def _upward(document: Document, home: Home, release: str) -> Upward:
    """What cannot be tried is taken for a failure: nobody deploys on it."""
    changes = changes_of(document, home)
    changes.tidy()
    try:
        return changes.rehearse_up(release, progress_lines())
    except DatabaseUnreachable:
        raise
    except BackoutError as error:
        return Upward(failed=error.what())
