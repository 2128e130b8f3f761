"""What is recorded of a release: what it is made of, what it was configured with, the schema it came with, who and why."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from blocks.document import Document
from blocks.identity import identity_of
from blocks.platforms.contract import Platform
from domain.errors import BackoutError, StoreUnavailable
from domain.plan import Plan
from domain.release import Identity, Release
from tasks.case import Case
from tasks.database import changes_of


def recorded(case: Case, plan: Plan) -> Release:
    """The release of a deploy, as far as anything can tell it now. What was recorded before and is not known now stays.

    Of the schema only where this deploy recorded it: an older deploy of the same release may have left another.
    """
    document, version = case.document, plan.to_release or ""
    database, rollout = document.database, plan.rollout
    kept = next((row for row in case.ledger.releases(plan.application) if row.version == version), None)
    before = kept or Release(application=plan.application, version=version)
    again = before.incident == case.incident.id
    schema, seal = (before.schema_version, before.schema_fingerprint) if again else (None, None)
    named = made_of(before, document.platform, plan.to_slot or "")
    return named.model_copy(
        update={
            "slot": plan.to_slot,
            "schema_version": (database.schema_version() or schema) if database else None,
            "schema_fingerprint": _fingerprint(case) or (seal if database else None),
            "migrations": rollout.migrations if rollout and rollout.migrations else before.migrations,
            "why": case.request.reason,
            "incident": case.incident.id,
            "recorded_by": case.request.by,
            "recorded_at": before.recorded_at if again else datetime.now(UTC),
        }
    )


def made_of(release: Release, platform: Platform, slot: str) -> Release:
    """The release with what its platform can tell of it in this slot: digests, commit, hashes of the configuration."""
    seen, configuration = _identity(platform, slot), hashes(platform, slot)
    body = json.dumps(configuration, sort_keys=True).encode()
    return release.model_copy(
        update={
            "images": seen.images or release.images,
            "commit": seen.commit or release.commit,
            "configuration": configuration or release.configuration,
            "configuration_hash": hashlib.sha256(body).hexdigest()
            if configuration
            else release.configuration_hash,
        }
    )


def hashes(platform: Platform, slot: str) -> Mapping[str, str]:
    """Name -> SHA-256 of each text that configures the slot, but those of the other slots; secrets are masked before.

    So a secret that changed does not show, and none can be guessed from its hash. Empty where it cannot be read.
    """
    try:
        texts = platform.configuration()
        others = {other.name for other in platform.slots()} - {slot}
    except StoreUnavailable:
        raise
    except BackoutError:
        return {}
    own = {name: text for name, text in texts.items() if name.partition("/")[0] not in others}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(own.items())}


def _identity(platform: Platform, slot: str) -> Identity:
    """No deploy ends otherwise since nobody can tell what an image's digest is."""
    try:
        return identity_of(platform, slot)
    except BackoutError:
        return Identity()


def _fingerprint(case: Case) -> str | None:
    """Of the schema as it is; None where there is none, or the role may not read it."""
    document: Document = case.document
    if document.database is None:
        return None
    try:
        return changes_of(document, case.installation.home).schema().digest()
    except BackoutError:
        return None
